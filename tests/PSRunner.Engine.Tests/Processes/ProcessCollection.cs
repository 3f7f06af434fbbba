namespace PSRunner.Engine.Tests.Processes;

/// <summary>Tests that count this process's children, handles and threads, or take its thread pool away: nothing runs beside them.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class ProcessCollection
{
    public const string Name = "Processes";
}
