using PSRunner.Engine.Workers;
using PSRunner.Hosting;

namespace PSRunner.Scripts;

/// <summary>The PowerShell that worker processes are.</summary>
internal static class WorkerShell
{
    /// <summary>How to start a worker.</summary>
    /// <exception cref="TestBatchException">NoWorkerShell.</exception>
    public static WorkerCommand Find()
    {
        var (program, arguments) = ModuleShell.Call(typeof(TestWorker), nameof(TestWorker.Run));
        return new WorkerCommand(program, arguments);
    }

    /// <summary>How to start a worker that is pwsh.</summary>
    /// <exception cref="TestBatchException">PwshMissing.</exception>
    public static WorkerCommand FindPwsh()
    {
        var (program, arguments) = ModuleShell.CallInPwsh(typeof(TestWorker), nameof(TestWorker.Run));
        return new WorkerCommand(program, arguments);
    }
}
