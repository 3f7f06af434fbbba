namespace PSRunner.Engine.Workers;

/// <summary>Takes what a test writes while it runs. Safe from any thread.</summary>
internal interface ITestOutput
{
    /// <summary>Text as it came; the receiver bounds it. Counts as work done.</summary>
    void Write(string text);

    /// <summary>Work was done: a few words for the message of a timeout.</summary>
    void Progress(string activity);

    /// <summary>A part of the test was found or ended; a later word on the same one replaces the earlier.</summary>
    void Step(StepLine step);
}
