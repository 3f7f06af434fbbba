using System.Globalization;

namespace PSRunner;

/// <summary>
/// The text of table cells and messages: the same words in views, progress lines and start lines, in any culture.
/// Public because the module's format file calls it, with values and not with objects, so that what came through a file
/// or from another process (<c>Deserialized.PSRunner.TestResult</c>) is shown as well.
/// </summary>
public static class DisplayText
{
    /// <summary>Stands where a number was not measured.</summary>
    public const string NotMeasured = "-";

    /// <summary>Time in at most seven characters below 100 hours: <c>12ms</c>, <c>8.9s</c>, <c>42s</c>, <c>2m 14s</c>, <c>1h 03m</c>.</summary>
    /// <param name="seconds">Seconds; NaN gives <c>-</c>.</param>
    public static string Duration(double seconds)
    {
        if (double.IsNaN(seconds) || seconds < 0)
        {
            return NotMeasured;
        }

        if (seconds < 0.9995)
        {
            return Text($"{Math.Round(seconds * 1000):0}ms");
        }

        if (seconds < 9.95)
        {
            return Text($"{seconds:0.0}s");
        }

        if (seconds < 59.5)
        {
            return Text($"{seconds:0}s");
        }

        var rounded = Math.Round(seconds);
        return rounded < 3600
            ? Text($"{Math.Floor(rounded / 60):0}m {rounded % 60:00}s")
            : Text($"{Math.Floor(rounded / 3600):0}h {Math.Floor(rounded % 3600 / 60):00}m");
    }

    /// <summary>The score with two decimals, or the cause when there is no score.</summary>
    public static string ScoreOrCause(double score, string cause) => double.IsNaN(score) ? cause : Score(score);

    /// <summary>Two decimals; NaN gives <c>-</c>.</summary>
    public static string Score(double score) => double.IsNaN(score) ? NotMeasured : Text($"{score:0.00}");

    /// <summary>The name, and after <c> &gt; </c> the message or else the first line of output.</summary>
    public static string NameAndMessage(string name, string message, string output)
    {
        var said = FirstLine(message);
        if (said.Length == 0)
        {
            said = FirstLine(output);
        }

        return said.Length == 0 ? name : $"{name} > {said}";
    }

    /// <summary>Whole percent of a share from 0 to 1. 0 % and 100 % only when it is exactly that; NaN gives <c>-</c>.</summary>
    public static string Percent(double share) => share switch
    {
        double.NaN => NotMeasured,
        <= 0 => "0%",
        >= 1 => "100%",
        _ => Text($"{Math.Clamp(Math.Round(share * 100), 1, 99):0}%"),
    };

    /// <summary>Results per second, or per minute where that says more; NaN gives the empty text.</summary>
    public static string Rate(double perSecond) => perSecond switch
    {
        double.NaN => "",
        > 0 and < 0.1 => Text($"{perSecond * 60:0.0}/min"),
        < 100 => Text($"{perSecond:0.0}/s"),
        _ => Text($"{perSecond:0}/s"),
    };

    /// <summary>A count with thousands set apart by commas.</summary>
    public static string Count(long count) => Text($"{count:N0}");

    /// <summary><c>1 case</c>, <c>5,600 cases</c>.</summary>
    public static string Cases(long count) => count == 1 ? "1 case" : $"{Count(count)} cases";

    /// <summary>A count that may not be known; NaN gives <c>-</c>.</summary>
    public static string CountOrUnknown(double count) => double.IsNaN(count) ? NotMeasured : Text($"{count:0}");

    /// <summary>A limit with thousands set apart by commas; NaN, which means that it is found out, gives <c>auto</c>.</summary>
    public static string CountOrAuto(double limit) => double.IsNaN(limit) ? "auto" : Text($"{limit:#,0.##}");

    /// <summary>A price; NaN, which means that it is not known, gives <c>-</c>.</summary>
    public static string Price(double price) => double.IsNaN(price) ? NotMeasured : Text($"{price:0.######}");

    /// <summary><c>1,204/5,600</c>.</summary>
    public static string Done(long done, long planned) => $"{Count(done)}/{Count(planned)}";

    /// <summary><c>1,204/5,600 21%</c>; 100 % only when all is done.</summary>
    public static string DoneAndPercent(long done, long planned) =>
        planned == 0 ? Done(done, planned) : Text($"{Done(done, planned)} {100 * done / planned}%");

    /// <summary>A case's own limit; the empty text when it takes the batch's.</summary>
    /// <param name="seconds">Seconds; NaN: the batch's.</param>
    public static string Limit(double seconds) => double.IsNaN(seconds) ? "" : Duration(seconds);

    /// <summary><c>Model=sim-strong, Instance=1</c>.</summary>
    public static string Parameters(TestCase testCase) => Pairs(testCase.GetParameters());

    /// <summary><c>Model=sim-strong, Instance=1</c>.</summary>
    public static string Parameters(TestResult result) => Pairs(result.GetParameters());

    /// <summary>The metrics that were measured.</summary>
    public static string Metrics(TestResult result) => Pairs(result.GetMetrics().Where(m => !double.IsNaN(m.Value)));

    /// <summary>Time left; the empty text when it is unknown.</summary>
    public static string Left(double seconds) => double.IsNaN(seconds) ? "" : Duration(seconds);

    /// <summary>Local time to the minute.</summary>
    public static string Started(DateTime time) => time == default ? "" : Text($"{time.ToLocalTime():yyyy-MM-dd HH:mm}");

    /// <summary>A time to the second, in the zone of the one who looks, as the tables show it: <c>2026-11-23 23:29:25</c>.</summary>
    public static string Moment(DateTime time) => time == default ? "" : Text($"{time.ToLocalTime():yyyy-MM-dd HH:mm:ss}");

    /// <summary>The last characters of a batch's id, which name it as well as the whole: the four hex digits.</summary>
    public static string ShortId(string id) => id[(id.LastIndexOf('-') + 1)..];

    /// <summary>The one-line status of a progress bar: done of planned, failed, without verdict, rate, time left.</summary>
    public static string Status(TestProgress progress)
    {
        var parts = new List<string>(5) { Done(progress.Done, progress.Planned), $"{Count(progress.Failed)} failed" };
        var broken = progress.Errored + progress.TimedOut + progress.Crashed;
        if (broken > 0)
        {
            parts.Add($"{Count(broken)} errored");
        }

        if (progress.Gate.Length > 0)
        {
            parts.Add($"waiting for {progress.Gate}");
        }
        else if (!double.IsNaN(progress.Rate))
        {
            parts.Add(Rate(progress.Rate));
        }

        if (!double.IsNaN(progress.LeftSeconds) && progress.LeftSeconds > 0)
        {
            parts.Add($"{Duration(progress.LeftSeconds)} left");
        }

        return string.Join("  ", parts);
    }

    /// <summary><c>197 passed, 133 failed, 20 skipped</c>: the outcomes that are not zero.</summary>
    public static string OutcomeCounts(TestBatch batch)
    {
        (int Count, string Word)[] outcomes =
        [
            (batch.Passed, "passed"), (batch.Failed, "failed"), (batch.Errored, "errored"),
            (batch.TimedOut, "timed out"), (batch.Crashed, "crashed"), (batch.Skipped, "skipped"),
        ];
        return string.Join(", ", outcomes.Where(o => o.Count > 0).Select(o => $"{Count(o.Count)} {o.Word}"));
    }

    private static string Pairs<TValue>(IEnumerable<KeyValuePair<string, TValue>> pairs) =>
        string.Join(", ", pairs.Select(p => Text($"{p.Key}={p.Value}")));

    private static string FirstLine(string text)
    {
        var trimmed = text.AsSpan().TrimStart();
        var end = trimmed.IndexOfAny('\r', '\n');
        return (end < 0 ? trimmed : trimmed[..end]).TrimEnd().ToString();
    }

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
