using System.Collections;
using System.Globalization;
using System.Management.Automation;
using PSRunner.Engine.Execution;

namespace PSRunner.Scripts;

/// <summary>
/// What a script's end means: the last object it wrote is its verdict if it is $true, $false, or holds Outcome, Score or
/// Metrics. A bare number is output. Without a verdict it passed, unless it wrote errors.
/// </summary>
internal static class ScriptVerdict
{
    private const string PesterAssertion = "PesterAssertionFailed";
    private const int MostMetrics = 200;

    private static readonly string[] Words = [Outcomes.Passed, Outcomes.Failed, Outcomes.Errored, Outcomes.Skipped];

    /// <summary>A script that came to its end.</summary>
    /// <param name="last">The last object it wrote.</param>
    /// <param name="errors">The error records it wrote: the first, and how many.</param>
    /// <param name="exitCode">What it gave to <c>exit</c>; null: nothing.</param>
    public static AttemptReport OfEnd(object? last, (ErrorRecord? First, int Count) errors, int? exitCode)
    {
        if (exitCode is not null and not 0)
        {
            return new AttemptReport { Cause = Causes.ExitCode, Message = string.Create(CultureInfo.InvariantCulture, $"exit {exitCode}") };
        }

        if (Judgement(last) is { } judged)
        {
            return judged;
        }

        return errors.First is null ? new AttemptReport()
            : IsAssertion(errors.First) ? new AttemptReport { Cause = Causes.Assertion, Message = errors.First.ToString() }
            : new AttemptReport { Cause = Causes.ErrorStream, Message = errors.Count == 1 ? errors.First.ToString() : string.Create(CultureInfo.InvariantCulture, $"{errors.First} (and {errors.Count - 1} more errors)") };
    }

    /// <summary>A script that an error ended.</summary>
    public static AttemptReport OfError(ErrorRecord error) => new()
    {
        Cause = IsAssertion(error) ? Causes.Assertion : Causes.Exception,
        Message = error.ToString(),
    };

    private static bool IsAssertion(ErrorRecord error) => error.FullyQualifiedErrorId.Split(',')[0] == PesterAssertion;

    private static AttemptReport? Judgement(object? last)
    {
        var value = last is PSObject wrapped ? wrapped.BaseObject : last;
        if (value is bool verdict)
        {
            return new AttemptReport { Cause = verdict ? Causes.None : Causes.Assertion };
        }

        if (value is null or string || value.GetType().IsPrimitive)
        {
            return null;
        }

        var (outcome, score, metrics) = (Find(last!, "Outcome"), Find(last!, "Score"), Find(last!, "Metrics"));
        return outcome is null && score is null && metrics is null ? null : Read(outcome, score, metrics, Find(last!, "Message"));
    }

    // What is something else than it should be is told and otherwise left alone: it is the test's own object.
    private static AttemptReport Read(object? outcome, object? score, object? metrics, object? message)
    {
        var told = new List<string>();
        if (InputObject.TextOf(message) is { Length: > 0 } why)
        {
            told.Add(why);
        }

        var word = Words.FirstOrDefault(w => w.Equals(InputObject.TextOf(outcome), StringComparison.OrdinalIgnoreCase)) ?? "";
        var number = score is null ? double.NaN : NumberOf(score);
        var inRange = number is >= 0 and <= 1;
        Check(outcome is null || word.Length > 0, "Outcome is Passed, Failed, Errored or Skipped");
        Check(score is null || double.IsNaN(number) || inRange, "Score is a number from 0 to 1");
        return new AttemptReport
        {
            Cause = word switch
            {
                Outcomes.Failed => Causes.Assertion,
                Outcomes.Errored => Causes.Exception,
                Outcomes.Skipped => Causes.NotApplicable,
                _ => Causes.None,
            },
            Score = inRange ? number : double.NaN,
            ScoreDecides = word.Length == 0 && inRange,
            Message = string.Join("; ", told),
            Metrics = MetricsOf(metrics),
        };

        void Check(bool fits, string rule)
        {
            if (!fits)
            {
                told.Add($"the verdict was ignored in part: {rule}");
            }
        }
    }

    private static Dictionary<string, double> MetricsOf(object? metrics)
    {
        var found = new Dictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, value) in InputObject.RowOf(metrics) ?? [])
        {
            if (found.Count < MostMetrics && value is not null and not string && NumberOf(value) is var number && !double.IsNaN(number))
            {
                found[name] = number;
            }
        }

        return found;
    }

    private static double NumberOf(object value) => LanguagePrimitives.TryConvertTo<double>(value, CultureInfo.InvariantCulture, out var number) ? number : double.NaN;

    private static object? Find(object value, string name)
    {
        if ((value is PSObject wrapped ? wrapped.BaseObject : value) is IDictionary map)
        {
            return map.Keys.Cast<object>().Where(key => key is string text && text.Equals(name, StringComparison.OrdinalIgnoreCase)).Select(key => map[key]).FirstOrDefault();
        }

        try
        {
            return PSObject.AsPSObject(value).Properties[name]?.Value;
        }
        catch (ExtendedTypeSystemException)
        {
            return null; // A getter that throws has no value.
        }
    }
}
