using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Workers;
using PSRunner.Scripts;
using PSRunner.Workflows;
using PSRunner.Workflows.Endpoints.Registry;
using PSRunner.Workflows.Models;

namespace PSRunner.Hosting;

/// <summary>The executors that the module brings.</summary>
internal static class Executors
{
    /// <summary>One for each kind of case.</summary>
    /// <param name="options">What was asked of the batch: scripts run where and prepared as these say.</param>
    /// <param name="isDetached">True: another process will run it, so that keys of this session do not help.</param>
    /// <param name="canceled">Signaled when nobody waits any more for the batch to start.</param>
    public static IReadOnlyList<ITestExecutor> For(BatchOptions options, bool isDetached = false, CancellationToken canceled = default)
    {
        var models = Catalog(isDetached);
        var workers = Workers(options, canceled);
        return [new WorkflowExecutor(models), new PromptExecutor(models, new ReplyScripts(workers)), new CommandExecutor(options.Metric), Scripts(options, workers, canceled), Pester(options, canceled)];
    }

    /// <summary>The models that cases can name.</summary>
    public static IModelCatalog Models => Catalog(isDetached: false);

    private static WorkerExecutor Pester(BatchOptions options, CancellationToken canceled) => new(new WorkerOptions
    {
        Kind = PesterCases.Kind,
        Fingerprint = PesterCases.Fingerprint,
        Metrics = PesterCases.Metrics,
        Command = WorkerShell.FindPwsh,
        Setup = ScriptSetup.Of(options).ToJson(),
        TryFirst = !ScriptSetup.Of(options).IsEmpty,
        Canceled = canceled,
        CasesPerWorker = 1,
    });

    private static ITestExecutor Scripts(BatchOptions options, WorkerOptions workers, CancellationToken canceled) =>
        options.Isolation == TestIsolation.Runspace
            ? new RunspaceExecutor(workers.Fingerprint, workers.Metrics, ScriptSetup.Of(options), canceled)
            : new WorkerExecutor(workers);

    private static WorkerOptions Workers(BatchOptions options, CancellationToken canceled)
    {
        var setup = ScriptSetup.Of(options);
        return new WorkerOptions
        {
            Kind = ScriptCases.Kind,

            // What a worker is prepared with decides results as much as the script does.
            Fingerprint = setup.IsEmpty ? "script/1" : $"script/1-{CaseId.Hash(setup.ToJson())}",
            Metrics = options.Metric ?? [],
            Command = WorkerShell.Find,
            Setup = setup.ToJson(),
            TryFirst = !setup.IsEmpty,
            Canceled = canceled,
        };
    }

    private static ModelCatalog Catalog(bool isDetached) => new(EmbeddedModels.FromEnvironment(), new EndpointRegistry(), Endpoints.ReadSecret, isDetached);
}
