namespace PSRunner;

/// <summary>What a result that was reported as durable survives.</summary>
public enum Durability
{
    /// <summary>The end of the process, of the system, and of the power.</summary>
    PowerLoss,

    /// <summary>The end of the process: nothing is flushed, the system writes when it likes.</summary>
    ProcessCrash,
}
