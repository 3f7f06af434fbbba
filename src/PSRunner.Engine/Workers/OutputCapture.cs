using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Workers;

/// <summary>What one attempt writes, in the order in which it came: the beginning and the end of it, however long it is.</summary>
/// <param name="context">The attempt; hears that work was done.</param>
internal sealed class OutputCapture(AttemptContext context) : ITestOutput
{
    // In characters. A result holds the end, an artifact both.
    private const int MostHead = 2 << 20;
    private const int MostTail = 64 * 1024;
    private const int MostSteps = 10_000;

    private readonly Lock _lock = new();
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private readonly SortedDictionary<int, StepLine> _steps = [];
    private long _length;

    /// <summary>The report with what was written: all of it, or the last 64 K characters and the rest as an artifact; and with its steps.</summary>
    public AttemptReport Complete(AttemptReport report)
    {
        lock (_lock)
        {
            var metrics = report.Metrics;
            if (_steps.Count > 0)
            {
                metrics = new Dictionary<string, double>(metrics, StringComparer.Ordinal)
                {
                    [StepMetrics.Steps] = _steps.Count,
                    [StepMetrics.Failed] = _steps.Values.Count(s => s.Outcome == Outcomes.Failed),
                };
            }

            return report with { Output = Text(), Metrics = metrics, Artifacts = [.. report.Artifacts, .. Rest(), .. Steps()] };
        }
    }

    public void Write(string text)
    {
        Append(text);
        Progress("wrote output");
    }

    /// <summary>Text that was found when the attempt had ended: no work was done for it now.</summary>
    public void Append(string text)
    {
        lock (_lock)
        {
            _length += text.Length;
            var toHead = Math.Min(text.Length, MostHead - _head.Length);
            _head.Append(text, 0, toHead);
            _tail.Append(text, toHead, text.Length - toHead);
            if (_tail.Length > 2 * MostTail)
            {
                _tail.Remove(0, _tail.Length - MostTail);
            }
        }
    }

    public void Progress(string activity) => context.ReportProgress(activity);

    public void Step(StepLine step)
    {
        lock (_lock)
        {
            if (_steps.Count < MostSteps || _steps.ContainsKey(step.Id))
            {
                _steps[step.Id] = step;
            }
        }

        Progress(step.Outcome == StepLine.NotRun ? "found its steps" : $"ended step '{step.Name}'");
    }

    private string Text()
    {
        var fromTail = Math.Min(_tail.Length, MostTail);
        var fromHead = Math.Min(_head.Length, MostTail - fromTail);
        return string.Concat(_head.ToString(_head.Length - fromHead, fromHead), _tail.ToString(_tail.Length - fromTail, fromTail));
    }

    private IEnumerable<Artifact> Rest()
    {
        if (_length > MostTail)
        {
            var missing = _length - _head.Length - _tail.Length;
            var gap = missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"\n[{missing} characters were not kept]\n") : "";
            yield return new Artifact("output.txt", Encoding.UTF8.GetBytes(string.Concat(_head.ToString(), gap, _tail.ToString())));
        }
    }

    private IEnumerable<Artifact> Steps()
    {
        if (_steps.Count > 0)
        {
            yield return new Artifact(StepLine.FileName, (byte[])[.. _steps.Values.SelectMany(s => s.ToBytes().Append((byte)'\n'))]) { Always = true };
        }
    }
}

/// <summary>The metrics of tests that tell their steps apart.</summary>
internal static class StepMetrics
{
    /// <summary>Steps that were found.</summary>
    public const string Steps = "Steps";

    /// <summary>Steps that failed.</summary>
    public const string Failed = "StepsFailed";
}
