namespace PSRunner.Engine.Workers;

/// <summary>
/// Variables for the worker's own runtime, which what tests start must not see. The diagnostic sockets of .NET and PowerShell
/// are files in the temporary folder that only an orderly exit deletes, and workers are killed: a batch of thousands would
/// leave thousands there. And no worker needs to report its use to PowerShell's makers. Who wants to look into workers sets
/// the variables otherwise; that is kept.
/// </summary>
internal static class WorkerEnvironment
{
    private const string Mark = "PSRUNNER_WORKER_VARIABLES";

    private static readonly (string Name, string Value)[] Variables =
    [
        ("DOTNET_EnableDiagnostics_IPC", "0"),
        ("DOTNET_EnableDiagnostics_Debugger", "0"),
        ("POWERSHELL_DIAGNOSTICS_OPTOUT", "1"),
        ("POWERSHELL_TELEMETRY_OPTOUT", "1"),
    ];

    /// <summary>What a worker is started with.</summary>
    public static Dictionary<string, string?> Enter()
    {
        var added = Variables.Where(v => Environment.GetEnvironmentVariable(v.Name) is null).ToDictionary(v => v.Name, v => (string?)v.Value);
        added[Mark] = string.Join(',', added.Keys);
        return added;
    }

    /// <summary>In the worker, once its runtime has read them: as if they had never been there.</summary>
    public static void Leave()
    {
        foreach (var name in Environment.GetEnvironmentVariable(Mark)?.Split(',', StringSplitOptions.RemoveEmptyEntries) ?? [])
        {
            Environment.SetEnvironmentVariable(name, null);
        }

        Environment.SetEnvironmentVariable(Mark, null);
    }
}
