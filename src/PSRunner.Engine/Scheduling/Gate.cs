namespace PSRunner.Engine.Scheduling;

/// <summary>What can hold up new starts from outside the scheduler.</summary>
[Flags]
internal enum Gate
{
    /// <summary>Nothing.</summary>
    None = 0,

    /// <summary>The journal cannot be written (full disk, I/O error).</summary>
    Disk = 1,

    /// <summary>Closed journal files wait to be sealed.</summary>
    Seal = 2,

    /// <summary>Too many records wait to be written.</summary>
    Journal = 32,

    /// <summary>The process or the machine is short of memory.</summary>
    Memory = 4,

    /// <summary>A rate limit has work waiting.</summary>
    Rate = 8,

    /// <summary>An endpoint is known to be down.</summary>
    Breaker = 16,
}
