using System.Text;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Storage;

/// <summary>
/// Brings records into the form in which they are kept, so that what is emitted is what a reader finds: times in whole
/// microseconds, text without broken surrogate pairs, long text cut with a mark and its whole beside as an artifact.
/// </summary>
/// <remarks>
/// A character takes at most 6 bytes in JSON, so a record is at most 6 x 160 Ki characters and a little, under 1 MiB.
/// </remarks>
internal static class ResultFit
{
    /// <summary>Characters of output in a record.</summary>
    public const int OutputLimit = 128 * 1024;

    /// <summary>Characters of message and of undeclared metrics in a record, each.</summary>
    public const int TextLimit = 16 * 1024;

    /// <summary>True when a record can be kept as it is.</summary>
    public static bool Fits(TestResult result) =>
        !IsLong(result) && !HasSurrogates(result.Message) && !HasSurrogates(result.Output) && !HasSurrogates(result.OtherMetrics)
        && result.StartedAt.Kind == DateTimeKind.Utc && result.StartedAt.Ticks % TimeSpan.TicksPerMicrosecond == 0;

    /// <summary>True when a record brings files, or text that becomes some.</summary>
    public static bool NeedsFiles(ResultRecord record) => record.Unsaved.Count > 0 || IsLong(record.Result);

    /// <summary>About the bytes of a record's files.</summary>
    public static long BytesOfFiles(ResultRecord record) =>
        record.Unsaved.Sum(file => (long)file.Content.Length)
        + (IsLong(record.Result) ? 2L * (record.Result.Message.Length + record.Result.Output.Length + record.Result.OtherMetrics.Length) : 0);

    /// <summary>A time without the ticks that no file keeps.</summary>
    public static DateTime Whole(DateTime time) => new(time.Ticks - (time.Ticks % TimeSpan.TicksPerMicrosecond), time.Kind);

    /// <summary>The record in the form in which it is kept; its files, what was cut among them, are on the device when this returns.</summary>
    /// <exception cref="IOException">A file could not be written.</exception>
    public static ResultRecord Apply(ResultRecord record, ArtifactStore artifacts)
    {
        if (record.Unsaved.Count == 0 && Fits(record.Result))
        {
            return record;
        }

        var result = record.Result;
        var path = result.ArtifactPath;
        var files = new List<Artifact>(record.Unsaved);
        string Cut(string text, int limit, string fileName, string replacement)
        {
            if (text.Length <= limit)
            {
                return Whole(text);
            }

            path = path.Length > 0 ? path : RunFolder.ArtifactPath(result.Id, result.Session, result.Attempt);
            if (!files.Exists(file => file.FileName == fileName)) // An executor's own file has more of it, not less.
            {
                files.Add(new Artifact(fileName, Encoding.UTF8.GetBytes(text)));
            }

            return Whole(replacement);
        }

        var message = Cut(result.Message, TextLimit, "message.txt", Head(result.Message, TextLimit, ", all of them in the artifact message.txt"));
        var output = Cut(result.Output, OutputLimit, "output.txt", Head(result.Output, OutputLimit, ", all of them in the artifact output.txt"));
        var other = Cut(result.OtherMetrics, TextLimit, "other_metrics.json", ""); // Half an object is none.
        var started = result.StartedAt.Kind == DateTimeKind.Local ? result.StartedAt.ToUniversalTime() : result.StartedAt;
        StoredArtifact[] kept = [.. record.Artifacts, .. files.Count == 0 ? [] : artifacts.Write(path, files)];
        return new ResultRecord(
            new TestResult
            {
                Outcome = result.Outcome,
                Cause = result.Cause,
                FaultDomain = result.FaultDomain,
                Scored = result.Scored,
                Score = result.Score,
                Kind = result.Kind,
                Name = result.Name,
                DurationSeconds = result.DurationSeconds,
                Attempt = result.Attempt,
                Session = result.Session,
                StartedAt = Whole(DateTime.SpecifyKind(started, DateTimeKind.Utc)),
                Message = message,
                Output = output,
                ArtifactPath = path,
                Batch = result.Batch,
                RunFolder = result.RunFolder,
                Index = result.Index,
                Id = result.Id,
                OtherMetrics = other,
                Schema = result.Schema,
                ParameterValues = result.ParameterValues,
                MetricValues = result.MetricValues,
            },
            kept);
    }

    /// <summary>The same for an attempt that is not the last: its message is cut, and the rest is let go.</summary>
    public static AttemptEndedRecord Apply(AttemptEndedRecord record) => record with { Message = Head(record.Message, TextLimit, "") };

    private static bool IsLong(TestResult result) =>
        result.Message.Length > TextLimit || result.Output.Length > OutputLimit || result.OtherMetrics.Length > TextLimit;

    private static bool HasSurrogates(string text) => text.AsSpan().ContainsAnyInRange('\uD800', '\uDFFF');

    /// <summary>Half of a surrogate pair is no character, and no file can hold it.</summary>
    private static string Whole(string text) => HasSurrogates(text) ? Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) : text;

    private static string Head(string text, int limit, string rest)
    {
        if (text.Length <= limit)
        {
            return text;
        }

        var mark = $"\n[cut: {text.Length} characters{rest}]";
        var length = limit - mark.Length;
        return string.Concat(text.AsSpan(0, char.IsHighSurrogate(text[length - 1]) ? length - 1 : length), mark);
    }
}
