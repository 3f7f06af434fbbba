using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>A runspace on a thread of its own, so that scripts neither block the thread pool nor share a stack with it.</summary>
internal sealed class RunspaceThread : IDisposable
{
    // PowerShell's own size for the threads that run scripts.
    private const int StackSize = 10 << 20;

    private readonly SemaphoreSlim _orders = new(0);
    private readonly TaskCompletionSource<ScriptRunspace> _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ScriptSetup _setup;
    private Order? _order;
    private volatile ScriptRunspace? _runspace;
    private volatile bool _isAbandoned;

    /// <param name="setup">What it is prepared with.</param>
    /// <param name="work">The folder that its scripts work in.</param>
    /// <exception cref="IOException">The folder cannot be made.</exception>
    public RunspaceThread(ScriptSetup setup, WorkFolder work)
    {
        _setup = setup;
        Work = work;
        work.Make();
        new Thread(Live, StackSize) { IsBackground = true, Name = "PSRunner runspace" }.Start();
    }

    /// <summary>The folder that its scripts work in.</summary>
    public WorkFolder Work { get; }

    /// <summary>Completes when it is prepared; fails when that failed.</summary>
    public Task<ScriptRunspace> Ready => _ready.Task;

    /// <summary>True when it was given up: what its script ended with then is not the script's doing.</summary>
    public bool IsAbandoned => _isAbandoned;

    /// <summary>Runs a script; one at a time.</summary>
    public Task<AttemptReport> RunAsync(string shared, string definition, ITestOutput output)
    {
        var order = _order = new Order(shared, definition, output);
        _orders.Release();
        return order.Ended.Task;
    }

    /// <summary>Asks its script to end; from any thread.</summary>
    public void Stop() => _runspace?.Stop();

    /// <summary>Gives it up with the script that does not end, or is still being prepared; from any thread.</summary>
    public void Abandon()
    {
        _isAbandoned = true;
        _runspace?.Abandon();
    }

    /// <summary>Ends the thread once its script has ended. One that is still being prepared is given up.</summary>
    public void Dispose()
    {
        if (!_ready.Task.IsCompleted)
        {
            Abandon();
        }

        _order = null;
        _orders.Release();
    }

    private void Live()
    {
        ScriptRunspace? runspace = null;
        try
        {
            _runspace = runspace = new ScriptRunspace();
            if (_isAbandoned)
            {
                runspace.Abandon();
            }

            runspace.SetUp(_setup);
        }
#pragma warning disable CA1031 // Who waits for it gets it.
        catch (Exception e)
        {
            _ready.SetException(e);
            runspace?.Dispose();
            return;
        }
#pragma warning restore CA1031

        _ready.SetResult(runspace);
        while (true)
        {
            _orders.Wait();
            if (Interlocked.Exchange(ref _order, null) is not { } order)
            {
                break;
            }

            order.Ended.SetResult(runspace.Run(order.Shared, order.Definition, Work.Path, order.Output));
        }

        runspace.Dispose();
        _orders.Dispose();
    }

    private sealed record Order(string Shared, string Definition, ITestOutput Output)
    {
        public TaskCompletionSource<AttemptReport> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
