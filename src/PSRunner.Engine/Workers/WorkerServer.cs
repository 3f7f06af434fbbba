using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Workers;

/// <summary>What runs the cases inside a worker. All calls but <see cref="Stop"/> come from one thread.</summary>
internal interface IWorkerHost
{
    /// <summary>Prepares for all cases; what it throws is told to the runner as the reason why nothing can run.</summary>
    void SetUp(string setup);

    /// <summary>Runs a case to its end. Throws nothing.</summary>
    AttemptReport Run(WorkerCase testCase, ITestOutput output);

    /// <summary>Asks the running case to end; from another thread, never blocking.</summary>
    void Stop();

    /// <summary>True when a case left what cannot be undone, so that no other may run here. Asked when one has ended.</summary>
    bool IsSpent { get; }
}

/// <summary>The worker's side: obeys its runner until that closes the channel or is gone.</summary>
internal sealed class WorkerServer : ITestOutput
{
    // PowerShell's own size for the threads that run scripts.
    private const int StackSize = 10 << 20;
    private const int LongestText = 1 << 20;

    private readonly WorkerChannel _channel = WorkerChannel.FromRunner();
    private readonly BlockingCollection<(WorkerMessage Kind, byte[] Payload)> _orders = [];
    private readonly Dictionary<string, string> _shared = new(StringComparer.Ordinal);
    private readonly IWorkerHost _host;
    private bool _hadChildren;

    private WorkerServer(IWorkerHost host) => _host = host;

    /// <summary>Serves the runner that started this process. Does not return: the process ends with the channel.</summary>
    public static void Serve(IWorkerHost host)
    {
        var server = new WorkerServer(host);
        if (OperatingSystem.IsLinux())
        {
            // Orphans of tests become children of this process: so it can tell that there are none.
            _ = Libc.Prctl(Libc.PR_SET_CHILD_SUBREAPER, 1);
        }

        new Thread(server.Obey, StackSize) { IsBackground = true, Name = "PSRunner worker" }.Start();
        while (server._channel.TryRead(out var kind, out var payload))
        {
            if (kind == WorkerMessage.Stop)
            {
                host.Stop();
            }
            else
            {
                server._orders.Add((kind, payload));
            }
        }

        // The runner wants no more of this process, or died. No orderly exit: a test may hold that up for ever.
        using var self = Process.GetCurrentProcess();
        self.Kill();
    }

    /// <inheritdoc/>
    public void Write(string text) => Send(WorkerMessage.Output, text.Length <= LongestText ? text : string.Concat(text.AsSpan(0, LongestText), "[cut]\n"));

    /// <inheritdoc/>
    public void Progress(string activity) => Send(WorkerMessage.Progress, activity);

    /// <inheritdoc/>
    public void Step(StepLine step) => Send(WorkerMessage.Step, step.ToBytes());

    private void Obey()
    {
        foreach (var (kind, payload) in _orders.GetConsumingEnumerable())
        {
            switch (kind)
            {
                case WorkerMessage.SetUp: SetUp(Encoding.UTF8.GetString(payload)); break;
                case WorkerMessage.Shared: _shared[Encoding.ASCII.GetString(payload, 0, 32)] = Encoding.UTF8.GetString(payload, 32, payload.Length - 32); break;
                case WorkerMessage.Case: Run(JsonSerializer.Deserialize(payload, WorkerJson.Default.WorkerCase)!); break;
                default: break; // A later runner's; this one never sends others.
            }
        }
    }

    private void SetUp(string setup)
    {
        try
        {
            _host.SetUp(setup);
            _hadChildren = HasChildren();
            Send(WorkerMessage.Ready, Environment.WorkingSet.ToString(CultureInfo.InvariantCulture));
        }
#pragma warning disable CA1031 // Code of the user; the runner tells him.
        catch (Exception e)
        {
            Send(WorkerMessage.Failed, e.Message);
        }
#pragma warning restore CA1031
    }

    private void Run(WorkerCase testCase)
    {
        var result = Bounded(_host.Run(testCase with { SharedText = _shared.GetValueOrDefault(testCase.SharedHash, "") }, this));
        var report = new WorkerReport { Number = testCase.Number, Result = result, IsSpent = _host.IsSpent || (!_hadChildren && HasChildren()), Memory = Environment.WorkingSet };
        _channel.Send(WorkerMessage.Report, JsonSerializer.SerializeToUtf8Bytes(report, WorkerJson.Default.WorkerReport));
    }

    // A report that is longer than a frame may be would be taken for nonsense.
    private static AttemptReport Bounded(AttemptReport report) => report.Message.Length <= LongestText
        ? report : report with { Message = string.Concat(report.Message.AsSpan(0, LongestText), "[cut]") };

    private void Send(WorkerMessage kind, string text) => Send(kind, Encoding.UTF8.GetBytes(text));

    private void Send(WorkerMessage kind, byte[] payload)
    {
        try
        {
            _channel.Send(kind, payload);
        }
        catch (IOException)
        {
            // The runner is gone; the reading thread ends this process.
        }
    }

    // Asks for any child and takes none away from .NET.
    private static unsafe bool HasChildren()
    {
        if (OperatingSystem.IsWindows())
        {
            return false; // The job object of the worker holds them.
        }

        var info = stackalloc byte[128];
        return Libc.WaitId(Libc.P_ALL, 0, info, Libc.WEXITED | Libc.WNOHANG | Libc.WNOWAIT) == 0 || Marshal.GetLastPInvokeError() != Libc.ECHILD;
    }
}
