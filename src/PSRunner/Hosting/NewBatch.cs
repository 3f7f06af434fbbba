using System.Management.Automation;
using PSRunner.Engine;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Hosting;

/// <summary>A batch that is being planned; nothing has started.</summary>
internal sealed class NewBatch : IDisposable
{
    private readonly BatchBuilder _builder;
    private readonly Dictionary<string, StoredBatch> _plans = new(StringComparer.Ordinal);

    /// <param name="options">What was asked.</param>
    /// <param name="isDryRun">True: nothing is written.</param>
    /// <param name="isDetached">True: another process will run it.</param>
    /// <param name="canceled">Signaled when nobody waits any more for it to start.</param>
    public NewBatch(BatchOptions options, bool isDryRun, bool isDetached, CancellationToken canceled) =>
        _builder = new BatchBuilder(options, Executors.For(options, isDetached, canceled), isDryRun);

    public int Count => _builder.Count;

    public string RunFolder => _builder.RunFolder;

    /// <summary>The limits that this plan gets.</summary>
    public BatchLimits Limits => _builder.ResolveLimits();

    public void Add(TestCase testCase) => _builder.Add(testCase);

    /// <summary>Adds the case of a result of another batch, as it stands in that batch's plan.</summary>
    public void AddAgain(TestResult result)
    {
        if (!_plans.TryGetValue(result.RunFolder, out var plan))
        {
            _plans.Add(result.RunFolder, plan = StoredBatch.Open(result.RunFolder));
        }

        _builder.Add(plan.Load(result.Index));
    }

    /// <summary>Freezes the plan and starts.</summary>
    public BatchRun Start(ICommandRuntime output) => new(output, _builder.Start());

    /// <summary>Freezes the plan and starts where no pipeline waits for the results.</summary>
    public UnattendedRun StartUnattended() => new(_builder.Start());

    /// <summary>Freezes the plan for another process to start.</summary>
    public void Prepare() => _builder.Prepare();

    public void Dispose()
    {
        _builder.Dispose();
        foreach (var plan in _plans.Values)
        {
            plan.Dispose();
        }
    }
}
