using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace PSRunner.Module.Tests.Hosting;

/// <summary>A bare PowerShell engine with the packaged module imported: core commands only.</summary>
internal sealed class HostedPowerShell : IDisposable
{
    // Batches of tests must not show up among the user's own, and workers are the psrunner that was built; child processes
    // inherit both.
    static HostedPowerShell()
    {
        var state = Directory.CreateTempSubdirectory("psrunner-state-").FullName;
        AppDomain.CurrentDomain.ProcessExit += (_, _) => Directory.Delete(state, recursive: true);
        Environment.SetEnvironmentVariable("XDG_STATE_HOME", state);
        Environment.SetEnvironmentVariable("PSRUNNER_WORKER_SHELL", Repository.ShellProgram);
    }

    public HostedPowerShell(string? location = null)
    {
        Runspace = RunspaceFactory.CreateRunspace(Host, InitialSessionState.CreateDefault2());
        Runspace.Open();
        Invoke("Import-Module -Name $args[0] -ErrorAction Stop", Repository.Manifest);
        if (location is not null)
        {
            Runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(location));
        }
    }

    public CapturingHost Host { get; } = new();

    public Runspace Runspace { get; }

    /// <summary>Runs a script and returns its objects. A terminating error is thrown, any other fails the test.</summary>
    public IReadOnlyList<PSObject> Invoke(string script, params object?[] arguments)
    {
        using var ps = Create(script, arguments);
        var output = ps.Invoke();
        Assert.Empty(ps.Streams.Error);
        return output;
    }

    /// <summary>Runs a script and returns the one error that ended it.</summary>
    public ErrorRecord InvokeExpectingError(string script, params object?[] arguments)
    {
        using var ps = Create("$ErrorActionPreference = 'Stop'\n" + script, arguments);
        return Assert.ThrowsAny<RuntimeException>(() => ps.Invoke()).ErrorRecord;
    }

    /// <summary>Runs a script as a console does and returns what is on the screen, without blank lines around it.</summary>
    public string Show(string script, params object?[] arguments)
    {
        var before = Host.Screen.Length;
        using var ps = Create(script, arguments);
        ps.Commands.Commands[^1].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        ps.AddCommand("Out-Default").Invoke();
        return Host.Screen[before..].Trim('\n');
    }

    public PowerShell Create(string script, params object?[] arguments)
    {
        var ps = PowerShell.Create(Runspace).AddScript(script);
        foreach (var argument in arguments)
        {
            ps.AddArgument(argument);
        }

        return ps;
    }

    public void Dispose() => Runspace.Dispose();
}
