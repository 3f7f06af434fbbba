using System.Management.Automation;
using System.Management.Automation.Runspaces;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>
/// A runspace that runs one script after another, each as if it were the first: what a script leaves in variables is gone
/// before the next, or says that it cannot be undone (<see cref="IsSpent"/>). Used by the thread that made it;
/// <see cref="Stop"/> may come from any.
/// </summary>
internal sealed class ScriptRunspace : IDisposable
{
    // As a function it is compiled once a runspace, as text for every script that runs. The names are long because a script
    // sees the variables of its callers.
    private const string CallName = "PSRunnerCall";
    private const string Call =
        """
        param($PSRunnerBlock, $PSRunnerItem, $PSRunnerNamed, $PSRunnerPositional, $PSRunnerPiped)
        $_ = $PSRunnerItem
        if ($PSRunnerPiped) { , $PSRunnerItem | & $PSRunnerBlock @PSRunnerNamed @PSRunnerPositional }
        else { & $PSRunnerBlock @PSRunnerNamed @PSRunnerPositional }
        """;

    // PowerShell's own name for the parameter that brings the values of $using: expressions.
    private const string UsingParameter = "--%";
    private const int MostScripts = 64;
    private static readonly TimeSpan CloseLimit = TimeSpan.FromMilliseconds(500);

    private readonly ScriptHost _host = new();
    private readonly Runspace _runspace;
    private readonly ScriptBlock? _call;
    private readonly Dictionary<string, LoadedScript> _scripts = new(StringComparer.Ordinal);
    private List<(string Name, object? Value)> _prepared = [];
    private Dictionary<(CommandTypes Type, string Name), object> _commands = [];
    private readonly Lock _lock = new();
    private PowerShell? _running;
    private bool _stopped;
    private int _isAbandoned;

    /// <summary>Opens it.</summary>
    public ScriptRunspace()
    {
        var state = InitialSessionState.CreateDefault2();
        state.Commands.Add(new SessionStateFunctionEntry(CallName, Call));
        _runspace = RunspaceFactory.CreateRunspace(_host, state);
        _runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        _runspace.Open();
        _call = FindCall();
    }

    /// <summary>Prepares it for all scripts; the user's code runs here too, and may be stopped as a script may.</summary>
    /// <exception cref="TestBatchException">A module or the initialization script failed.</exception>
    public void SetUp(ScriptSetup setup)
    {
        var before = Variables().Select(v => v.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        Prepare(setup);
        _prepared = [.. Variables().Where(v => !before.Contains(v.Name)).Select(v => (v.Name, (object?)v.Value))];
        _commands = Commands().ToDictionary(KeyOf, DefinitionOf);
    }

    /// <summary>True when a script left what cannot be undone, so that no other may run here.</summary>
    public bool IsSpent { get; private set; }

    /// <summary>Runs a script to its end. Throws nothing.</summary>
    /// <param name="shared">The script (<see cref="ScriptCode"/>).</param>
    /// <param name="definition">The case (<see cref="ScriptInput"/>).</param>
    /// <param name="folder">The folder it begins in.</param>
    /// <param name="output">Where its text goes.</param>
    public AttemptReport Run(string shared, string definition, string folder, ITestOutput output)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = _runspace;
        var capture = new StreamCapture(shell, output);
        var mayLeaveTraces = true;
        try
        {
            _host.ExitCode = null;
            Enter(folder);
            var script = Load(shared);
            mayLeaveTraces = !script.IsConfined;
            AddCall(shell, script, ScriptInput.Parse(definition));
            Begin(shell);
            shell.Invoke<PSObject?>(null, capture, new PSInvocationSettings { AddToHistory = false });
            return ScriptVerdict.OfEnd(capture.Last, capture.Errors, _host.ExitCode);
        }
        catch (PipelineStoppedException)
        {
            return new AttemptReport { Cause = Causes.Exception, Message = "It was stopped." };
        }
        catch (RuntimeException e)
        {
            capture.Write(e.ErrorRecord);
            return ScriptVerdict.OfError(e.ErrorRecord);
        }
#pragma warning disable CA1031 // Whatever a script makes PowerShell throw is that script's result.
        catch (Exception e)
        {
            return new AttemptReport { Cause = Causes.Exception, Message = $"{e.GetType().Name}: {e.Message}" };
        }
#pragma warning restore CA1031
        finally
        {
            End(mayLeaveTraces);
        }
    }

    /// <summary>Asks the running script to end; for good, so that no later one is stopped in its place. It may still clean up.</summary>
    public void Stop()
    {
        PowerShell? running;
        lock (_lock)
        {
            _stopped = true;
            running = _running;
        }

        if (running is not null)
        {
            Beside(running.Stop);
        }
    }

    /// <summary>Gives up a script that does not end, and the runspace with it. Returns once the runspace counts as closing, which is soon.</summary>
    /// <remarks>
    /// PowerShell closes every open runspace before a shell ends and waits for the scripts in it. One that is closing already it
    /// leaves alone: a script that nothing can end must not keep the user's shell from ending.
    /// </remarks>
    public void Abandon()
    {
        lock (_lock)
        {
            _stopped = true;
        }

        if (Interlocked.Exchange(ref _isAbandoned, 1) == 0)
        {
            Beside(_runspace.Close);
            SpinWait.SpinUntil(() => _runspace.RunspaceStateInfo.State != RunspaceState.Opened, CloseLimit);
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _runspace.Dispose();

    // Both wait for the script. On threads that keep no process alive: those that PowerShell itself takes to stop or close
    // something later do.
    private static void Beside(Action end)
    {
        var thread = new Thread(() =>
        {
            try
            {
                end();
            }
#pragma warning disable CA1031 // The script may just have ended, and its thread disposes of everything; nothing here may end the user's shell.
            catch (Exception)
            {
            }
#pragma warning restore CA1031
        }) { IsBackground = true, Name = "PSRunner script end" };
        try
        {
            thread.Start();
        }
        catch (OutOfMemoryException)
        {
            // The system gives no thread: the script counts as one that does not end.
        }
    }

    private void Begin(PowerShell shell)
    {
        lock (_lock)
        {
            _running = _stopped ? throw new PipelineStoppedException() : shell;
        }
    }

    private void Enter(string folder)
    {
        var path = _runspace.SessionStateProxy.Path;
        if (path.CurrentLocation.Path != folder)
        {
            path.SetLocation(WildcardPattern.Escape(folder));
        }
    }

    // Whoever subscribed to events acts at any moment, also while the runspace is restored: PowerShell then throws, or waits
    // for itself for ever. And commands that were put into the place of others have no way back.
    private void End(bool mayLeaveTraces)
    {
        lock (_lock)
        {
            _running = null;
            if (_stopped || !mayLeaveTraces)
            {
                return;
            }
        }

        try
        {
            IsSpent = _runspace.Events.Subscribers.Count > 0 || HasOtherCommands();
            if (!IsSpent)
            {
                _runspace.ResetRunspaceState();
                foreach (var (name, value) in _prepared)
                {
                    _runspace.SessionStateProxy.PSVariable.Set(name, value);
                }
            }
        }
#pragma warning disable CA1031 // What a script did to its runspace is not the next one's to bear, and its own result stands.
        catch (Exception)
        {
            IsSpent = true;
        }
#pragma warning restore CA1031
    }

    // What came with a module is not another command but one more.
    private bool HasOtherCommands()
    {
        var missing = _commands.Count;
        foreach (var command in Commands())
        {
            if (_commands.TryGetValue(KeyOf(command), out var definition))
            {
                missing--;
                if (!Equals(definition, DefinitionOf(command)))
                {
                    return true;
                }
            }
            else if (command.Module is null)
            {
                return true;
            }
        }

        return missing > 0;
    }

    private IEnumerable<CommandInfo> Commands() =>
        _runspace.SessionStateProxy.InvokeCommand.GetCommands("*", CommandTypes.Function | CommandTypes.Filter | CommandTypes.Alias, nameIsPattern: true);

    private static (CommandTypes Type, string Name) KeyOf(CommandInfo command) => (command.CommandType, command.Name);

    private static object DefinitionOf(CommandInfo command) => command is FunctionInfo function ? function.ScriptBlock : command.Definition;

    private void Prepare(ScriptSetup setup)
    {
        foreach (var module in setup.Module)
        {
            Prepare($"the module '{module}' could not be imported", shell => shell.AddCommand("Import-Module").AddParameter("Name", module).AddParameter("ErrorAction", "Stop"));
        }

        if (setup.InitializationScript is { } script)
        {
            Prepare("-InitializationScript failed", shell => shell.AddScript(script, useLocalScope: false));
        }
    }

    private void Prepare(string failure, Action<PowerShell> build)
    {
        using var shell = PowerShell.Create();
        shell.Runspace = _runspace;
        build(shell);
        try
        {
            shell.Invoke();
        }
        catch (RuntimeException e)
        {
            throw new TestBatchException("ScriptSetupFailed", ErrorKind.InvalidArgument, $"{failure}: {e.ErrorRecord}", null, e);
        }
    }

    private List<PSVariable> Variables()
    {
        using var shell = PowerShell.Create();
        shell.Runspace = _runspace;
        return [.. shell.AddScript("$ExecutionContext.InvokeProvider.Item.Get('variable:*')", useLocalScope: true).Invoke<PSVariable>()];
    }

    private LoadedScript Load(string shared)
    {
        if (!_scripts.TryGetValue(shared, out var script))
        {
            if (_scripts.Count == MostScripts)
            {
                _scripts.Clear();
            }

            _scripts.Add(shared, script = new LoadedScript(ScriptCode.Parse(shared)));
        }

        return script;
    }

    private ScriptBlock? FindCall() => (_runspace.SessionStateProxy.InvokeCommand.GetCommand(CallName, CommandTypes.Function) as FunctionInfo)?.ScriptBlock;

    private void AddCall(PowerShell shell, LoadedScript script, ScriptInput input)
    {
        var item = input.Input is null ? null : PSSerializer.Deserialize(input.Input);
        var (named, positional) = input.Input is null ? ([], []) : input.Named is null ? script.Bind(item) : script.Bind(item, PSSerializer.Deserialize(input.Named));
        var isThere = _call is not null && ReferenceEquals(_call, FindCall()); // A script may have removed all functions.
        (isThere ? shell.AddCommand(CallName, useLocalScope: true) : shell.AddScript(Call, useLocalScope: true))
            .AddParameter("PSRunnerBlock", script.Block).AddParameter("PSRunnerItem", item)
            .AddParameter("PSRunnerNamed", named).AddParameter("PSRunnerPositional", positional)
            .AddParameter("PSRunnerPiped", script.TakesPipeline && input.Input is not null);
        if (script.Using is { } values)
        {
            shell.AddParameter(UsingParameter, values);
        }
    }
}
