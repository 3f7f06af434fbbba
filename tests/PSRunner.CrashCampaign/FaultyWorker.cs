using System.Diagnostics;
using System.Globalization;
using System.Text;
using System.Text.Json;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;
using PSRunner.Engine.Workers;

namespace PSRunner.CrashCampaign;

/// <summary>A worker process that does to its runner whatever the definition of a case says, by the protocol or against it.</summary>
internal static class FaultyWorker
{
    private const int SignalStop = 19;
    private static int s_output;
    private static int s_number;

    /// <summary>Serves until its runner is gone.</summary>
    public static int Run()
    {
        s_output = int.Parse(Environment.GetEnvironmentVariable(ProcessTrees.HandlesVariable)!.Split(',')[1], CultureInfo.InvariantCulture);
        using var channel = WorkerChannel.FromRunner();
        while (channel.TryRead(out var kind, out var payload))
        {
            switch (kind)
            {
                case WorkerMessage.SetUp: channel.Send(WorkerMessage.Ready, []); break;
                case WorkerMessage.Case: Do(JsonSerializer.Deserialize(payload, WorkerJson.Default.WorkerCase)!, channel); break;
                default: break; // Stop: what runs here never listens.
            }
        }

        return 0;
    }

    private static void Do(WorkerCase testCase, WorkerChannel channel)
    {
        s_number = testCase.Number;
        switch (testCase.Definition.Trim('"'))
        {
            case "exits": Environment.Exit(3); break;
            case "kills-itself": End(Libc.SIGKILL); break;
            case "stops-itself": End(SignalStop); break;
            case "hangs": Thread.Sleep(Timeout.Infinite); break;
            case "hangs-with-children": Start("(setsid -f sleep 1000); sleep 1000 & wait"); Thread.Sleep(Timeout.Infinite); break;
            case "dies-with-children": Start("(setsid -f sleep 1000); sleep 1000 &"); End(Libc.SIGKILL); break;
            case "reports-nonsense": channel.Send(WorkerMessage.Report, "{ \"result\": "u8); break;
            case "sends-too-much": WriteRaw([0xFF, 0xFF, 0xFF, 0x7F, (byte)WorkerMessage.Output]); break;
            case "sends-half": WriteRaw([100, 0, 0, 0, (byte)WorkerMessage.Report, (byte)'{']); break;
            case "sends-unknown": channel.Send((WorkerMessage)99, "?"u8); Report(channel, Causes.None); break;
            case "closes-the-channel": channel.Dispose(); Thread.Sleep(Timeout.Infinite); break;
            case "reports-twice": Report(channel, Causes.None); Report(channel, Causes.Exception); break;
            case "gives-an-unknown-cause": Report(channel, "because"); break;
            case "bursts": Burst(channel); Report(channel, Causes.None); break;
            default: Report(channel, Causes.None); break;
        }
    }

    private static void Report(WorkerChannel channel, string cause) => channel.Send(
        WorkerMessage.Report, JsonSerializer.SerializeToUtf8Bytes(new WorkerReport { Number = s_number, Result = new AttemptReport { Cause = cause } }, WorkerJson.Default.WorkerReport));

    // The frame says more than comes, or more than may come; after it the worker says no more.
    private static unsafe void WriteRaw(byte[] bytes)
    {
        fixed (byte* first = bytes)
        {
            _ = Libc.Write(s_output, first, bytes.Length);
        }

        Thread.Sleep(Timeout.Infinite);
    }

    private static void Burst(WorkerChannel channel)
    {
        var text = Encoding.UTF8.GetBytes(new string('x', 1 << 16));
        for (var i = 0; i < 64; i++)
        {
            channel.Send(WorkerMessage.Output, text);
            Console.Out.Write(new string('y', 1 << 14));
        }
    }

    private static void Start(string script)
    {
        using var shell = Process.Start("sh", ["-c", script]);
    }

    private static void End(int signal) => _ = Libc.Kill(Environment.ProcessId, signal);
}
