using System.Management.Automation;
using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace PSRunner.Shell;

/// <summary>One runspace with the module in it, and the pipeline that runs there now.</summary>
internal sealed class ShellSession(ShellHost host) : IDisposable
{
    private const string LastSucceeded = "PSRunnerLastSucceeded";

    // One Ctrl+C may arrive twice: timeout(1) and some terminals signal the process and its group.
    private static readonly TimeSpan SameSignal = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private Runspace? _runspace;
    private PowerShell? _running;
    private int? _stopCode;
    private long _stoppedAt;

    /// <summary>Opens the runspace and imports the module that lies beside this program.</summary>
    public bool TryOpen()
    {
        if (!host.UI.SupportsVirtualTerminal)
        {
            PSStyle.Instance.OutputRendering = OutputRendering.PlainText;
        }

        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            state.ExecutionPolicy = Microsoft.PowerShell.ExecutionPolicy.RemoteSigned;
        }

        MissingCommands.AddTo(state);
        _runspace = RunspaceFactory.CreateRunspace(host, state);
        _runspace.Open();
        Runspace.DefaultRunspace = _runspace;
        MissingCommands.Explain(_runspace);
        var manifest = Path.Combine(AppContext.BaseDirectory, "Modules", "PSRunner", "PSRunner.psd1");
        return Run(ps => ps.AddCommand("Import-Module").AddParameter("Name", manifest).AddParameter("ErrorAction", "Stop")) == ExitCodes.Success;
    }

    /// <summary>Runs a script file as <c>pwsh -File</c> does: arguments are text, words with a dash name parameters.</summary>
    public int RunFile(string path, IReadOnlyList<string> arguments)
    {
        var fullPath = Path.GetFullPath(path);
        if (!File.Exists(fullPath))
        {
            host.UI.WriteErrorLine($"psrunner: there is no script '{path}'.");
            return ExitCodes.BadArguments;
        }

        // Parsed here and run as a block, so that 'exit 3' in the script reaches the host as the exit code; $PSScriptRoot
        // and error positions come from the file name given to the parser.
        var ast = Parser.ParseInput(File.ReadAllText(fullPath), fullPath, out _, out var errors);
        if (errors.Length > 0)
        {
            foreach (var error in errors)
            {
                host.UI.WriteErrorLine($"{path}:{error.Extent.StartLineNumber}:{error.Extent.StartColumnNumber}: {error.Message}");
            }

            return ExitCodes.Failure;
        }

        // A script whose parameters do not fit has not run, which for PowerShell is no reason to end the pipeline.
        var asking = $"& $args[0] {ScriptArguments.ToText(arguments)}\n$global:{LastSucceeded} = $? -or $Error[0].Exception -isnot [{typeof(ParameterBindingException)}]";
        var code = Run(ps => ps.AddScript(asking).AddArgument(ast.GetScriptBlock()));
        if (!HasFailed(code))
        {
            return code;
        }

        host.UI.WriteErrorLine($"psrunner: '{path}' was not run, because its parameters do not fit.");
        return ExitCodes.Failure;
    }

    /// <summary>Runs text; 1 when its last command failed, as <c>pwsh -Command</c>.</summary>
    public int RunCommand(string text)
    {
        // $? is gone once the pipeline has ended, so it is asked for in the same breath.
        var asking = $"{text}\n$global:{LastSucceeded} = $?";
        Parser.ParseInput(asking, out _, out var errors);
        var code = Run(ps => ps.AddScript(errors.Length == 0 ? asking : text));
        return errors.Length == 0 && HasFailed(code) ? ExitCodes.Failure : code;
    }

    /// <summary>Asks the running pipeline to stop; false when none runs or it was asked a while ago.</summary>
    public bool TryStop(int exitCode)
    {
        lock (_gate)
        {
            if (_running is null)
            {
                return false;
            }

            if (_stopCode is null)
            {
                (_stopCode, _stoppedAt) = (exitCode, TimeProvider.System.GetTimestamp());
                _running.BeginStop(null, null);
                return true;
            }

            return TimeProvider.System.GetElapsedTime(_stoppedAt) < SameSignal;
        }
    }

    public void Dispose() => _runspace?.Dispose();

    private bool HasFailed(int code) => code == ExitCodes.Success && host.ExitCode is null && _runspace!.SessionStateProxy.GetVariable(LastSucceeded) is false;

    private int Run(Action<PowerShell> build)
    {
        using var ps = PowerShell.Create(_runspace);
        build(ps);
        ps.Commands.Commands[^1].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
        ps.AddCommand("Out-Default");
        lock (_gate)
        {
            (_running, _stopCode) = (ps, null);
        }

        try
        {
            ps.Invoke();
            return host.ExitCode ?? StopCode() ?? ExitCodes.Success;
        }
        catch (PipelineStoppedException)
        {
            return StopCode() ?? ExitCodes.Failure;
        }
        catch (RuntimeException e)
        {
            Show(e.ErrorRecord);
            return host.ExitCode ?? ExitCodes.Failure;
        }
        finally
        {
            lock (_gate)
            {
                _running = null;
            }

            host.NotifyBeginApplication();
        }
    }

    private int? StopCode()
    {
        lock (_gate)
        {
            return _stopCode;
        }
    }

    /// <summary>Shows an error that ended the pipeline the way PowerShell shows errors.</summary>
    private void Show(ErrorRecord error)
    {
        using var ps = PowerShell.Create(_runspace);
        var shown = new PSObject(error);
        shown.Properties.Add(new PSNoteProperty("writeErrorStream", true));
        ps.AddCommand("Out-Default").AddParameter("InputObject", shown).Invoke();
    }
}
