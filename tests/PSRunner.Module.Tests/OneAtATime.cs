namespace PSRunner.Module.Tests;

/// <summary>The PowerShell engine has state of the whole process (the default runspace, $PSStyle, loaded types): its tests run one after another.</summary>
[CollectionDefinition(Name, DisableParallelization = true)]
public sealed class OneAtATime
{
    public const string Name = "one PowerShell at a time";
}
