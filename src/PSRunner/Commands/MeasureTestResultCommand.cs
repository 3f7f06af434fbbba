using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Measuring;

namespace PSRunner.Commands;

/// <summary>Counts results by group: what was judged, what passed, the mean score, and what of the plan is missing here.</summary>
[Cmdlet(VerbsDiagnostic.Measure, "TestResult")]
[OutputType(typeof(TestMeasure))]
public sealed class MeasureTestResultCommand : TestBatchCommand
{
    private readonly List<TestResult> _results = [];

    /// <summary>The properties that make the groups.</summary>
    [Parameter(Position = 0, HelpMessage = "The properties that make the groups: Model, PromptType, Kind, Batch, ...")]
    [ValidateNotNullOrEmpty]
    [ArgumentCompleter(typeof(GroupCompleter))]
    public string[] By { get; set; } = ["Model"];

    /// <summary>Results.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Results.")]
    public TestResult? InputObject { get; set; }

    private protected override void Process()
    {
        if (InputObject is not null)
        {
            _results.Add(InputObject);
        }
    }

    private protected override void End()
    {
        if (_results.Count == 0)
        {
            return;
        }

        var keys = By.Select(name => GroupKey.Find(name, _results)).ToList();
        if (_results.Select(r => r.RunFolder).Distinct(StringComparer.Ordinal).Skip(1).Any() && !keys.Any(k => k.IsOfBatch))
        {
            WriteWarning("The results come from more than one batch and are counted together. Add Batch to -By to tell them apart.");
        }

        foreach (var measure in ResultMeasurer.Measure(_results, keys))
        {
            WriteObject(measure);
        }
    }
}
