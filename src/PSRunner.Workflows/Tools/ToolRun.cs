namespace PSRunner.Workflows.Tools;

/// <summary>One run of a tool in a test.</summary>
/// <param name="Ordinal">The run's number in its test, from 1.</param>
/// <param name="Tool">The tool's name.</param>
/// <param name="Succeeded">Whether the simulated tool succeeded.</param>
/// <param name="ErrorCode">One of the tool's error codes; empty when it succeeded.</param>
/// <param name="Output">What the model is told.</param>
/// <param name="Probability">The chance of success that was drawn against.</param>
internal sealed record ToolRun(int Ordinal, string Tool, bool Succeeded, string ErrorCode, string Output, double Probability);
