using System.Text.Json;

namespace PSRunner.Engine.Storage;

/// <summary>The fields of each record, snake_case. What is empty or not measured is left out. Reading: <see cref="RecordParser"/>.</summary>
internal static class RecordFormat
{
    public static void Write(Utf8JsonWriter json, JournalRecord record, ResultSchema schema)
    {
        switch (record)
        {
            case HeaderRecord header:
                json.WriteString("type"u8, "header"u8);
                json.WriteNumber("format"u8, header.Format);
                json.WriteString("batch"u8, header.Batch);
                json.WriteNumber("file"u8, header.File);
                json.WriteNumber("session"u8, header.Session);
                json.WriteNumber("previous_file"u8, header.PreviousFile);
                json.WriteNumber("previous_seq"u8, header.PreviousSeq);
                break;
            case SessionRecord session:
                json.WriteString("type"u8, "session"u8);
                json.WriteNumber("session"u8, session.Number);
                json.WriteString("started_at"u8, session.Started);
                json.WritePropertyName("limits"u8);
                json.WriteRawValue(session.Limits);
                break;
            case OpenRecord open:
                json.WriteString("type"u8, "open"u8);
                json.WriteNumber("line"u8, open.Line);
                json.WriteNumber("of"u8, open.Of);
                WriteCases(json, open.Cases);
                break;
            case StartedRecord started:
                WriteAttempt(json, "started"u8, started.Index, started.Attempt);
                break;
            case AttemptEndedRecord ended:
                WriteAttempt(json, "attempt_ended"u8, ended.Index, ended.Attempt);
                json.WriteString("cause"u8, ended.Cause);
                WriteText(json, "message"u8, ended.Message);
                WriteNumber(json, "duration_seconds"u8, ended.Seconds);
                json.WriteBoolean("counts_as_try"u8, ended.CountsAsTry);
                break;
            case CanceledRecord canceled:
                WriteAttempt(json, "canceled"u8, canceled.Index, canceled.Attempt);
                break;
            case ReopenedRecord reopened:
                WriteAttempt(json, "reopened"u8, reopened.Index, reopened.Attempt);
                break;
            case ResultRecord result:
                WriteResult(json, result, schema);
                break;
            default:
                throw new ArgumentException($"{record.GetType()} is not written.", nameof(record));
        }
    }

    private static void WriteResult(Utf8JsonWriter json, ResultRecord record, ResultSchema schema)
    {
        var result = record.Result;
        WriteAttempt(json, "result"u8, result.Index, result.Attempt);
        json.WriteString("id"u8, result.Id);
        json.WriteNumber("session"u8, result.Session);
        json.WriteString("outcome"u8, result.Outcome);
        WriteText(json, "cause"u8, result.Cause);
        WriteText(json, "fault_domain"u8, result.FaultDomain);
        json.WriteBoolean("scored"u8, result.Scored);
        WriteNumber(json, "score"u8, result.Score);
        json.WriteString("started_at"u8, result.StartedAt);
        WriteNumber(json, "duration_seconds"u8, result.DurationSeconds);
        json.WriteStartObject("metrics"u8);
        for (var i = 0; i < result.MetricValues.Length; i++)
        {
            if (double.IsFinite(result.MetricValues[i]))
            {
                json.WriteNumber(schema.Metrics[i].Column, result.MetricValues[i]);
            }
        }

        json.WriteEndObject();
        WriteText(json, "other_metrics"u8, result.OtherMetrics);
        WriteText(json, "message"u8, result.Message);
        WriteText(json, "output"u8, result.Output);
        WriteText(json, "artifact_path"u8, result.ArtifactPath);
        if (record.Artifacts.Count == 0)
        {
            return;
        }

        json.WriteStartArray("artifacts"u8);
        foreach (var artifact in record.Artifacts)
        {
            json.WriteStartObject();
            json.WriteString("name"u8, artifact.Name);
            json.WriteNumber("length"u8, artifact.Length);
            json.WriteString("hash"u8, artifact.Hash);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteCases(Utf8JsonWriter json, IReadOnlyList<OpenCase> cases)
    {
        json.WriteStartArray("cases"u8);
        foreach (var known in cases)
        {
            json.WriteStartObject();
            json.WriteNumber("index"u8, known.Index);
            json.WriteNumber("attempt"u8, known.Attempt);
            WriteUnlessZero(json, "tries"u8, known.Tries);
            WriteUnlessZero(json, "crashes"u8, known.Crashes);
            WriteUnlessZero(json, "running"u8, known.Running ? 1 : 0);
            WriteUnlessZero(json, "suspect"u8, known.Suspect ? 1 : 0);
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteUnlessZero(Utf8JsonWriter json, ReadOnlySpan<byte> name, int number)
    {
        if (number != 0)
        {
            json.WriteNumber(name, number);
        }
    }

    private static void WriteAttempt(Utf8JsonWriter json, ReadOnlySpan<byte> type, int index, int attempt)
    {
        json.WriteString("type"u8, type);
        json.WriteNumber("index"u8, index);
        json.WriteNumber("attempt"u8, attempt);
    }

    private static void WriteText(Utf8JsonWriter json, ReadOnlySpan<byte> name, string text)
    {
        if (text.Length > 0)
        {
            json.WriteString(name, text);
        }
    }

    private static void WriteNumber(Utf8JsonWriter json, ReadOnlySpan<byte> name, double number)
    {
        if (double.IsFinite(number))
        {
            json.WriteNumber(name, number);
        }
    }
}
