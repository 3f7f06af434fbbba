using System.Text.Json;

namespace PSRunner.Engine.Storage;

/// <summary>A line of the journal whose checksum is right.</summary>
/// <param name="Seq">Its number in the file, from 1.</param>
/// <param name="Group">The flush it belongs to, from 1.</param>
/// <param name="Place">Its place in the group, from 1.</param>
/// <param name="Record">What it says.</param>
internal readonly record struct JournalLine(long Seq, long Group, int Place, JournalRecord Record);

/// <summary>Makes records of lines. The counterpart of <see cref="RecordFormat"/>.</summary>
/// <param name="plan">The plan, to make whole results; null: results become <see cref="ResultKeyRecord"/>s.</param>
/// <param name="runFolder">What results show as their run folder.</param>
internal sealed class RecordParser(IPlannedCases? plan, string runFolder)
{
    /// <summary>Reads a line; throws <see cref="JsonException"/> or one of its kin when it says nothing this version knows.</summary>
    public JournalLine Parse(ReadOnlyMemory<byte> line)
    {
        var json = new Utf8JsonReader(line.Span);
        json.Read();
        var seq = NextNumber(ref json);
        var group = NextNumber(ref json);
        var place = (int)NextNumber(ref json);
        json.Read();
        json.Read();
        if (json.ValueTextEquals("started"u8))
        {
            return new JournalLine(seq, group, place, ParseStarted(ref json)); // As many as results, and read as often.
        }

        if (!json.ValueTextEquals("result"u8))
        {
            using var document = JsonDocument.Parse(line);
            return new JournalLine(seq, group, place, ParseOther(json.GetString()!, document.RootElement));
        }

        return new JournalLine(seq, group, place, plan is null ? ParseKey(ref json) : ParseResult(ref json, plan));
    }

    /// <summary>The byte a scan keeps for an outcome: its place in <see cref="Outcomes.All"/>, from 1.</summary>
    public static byte ByteOf(string outcome)
    {
        for (var i = 0; i < Outcomes.All.Count; i++)
        {
            if (Outcomes.All[i] == outcome)
            {
                return (byte)(i + 1);
            }
        }

        throw new JsonException($"'{outcome}' is no outcome.");
    }

    private static long NextNumber(ref Utf8JsonReader json)
    {
        json.Read();
        json.Read();
        return json.GetInt64();
    }

    private static JournalRecord ParseOther(string type, JsonElement fields)
    {
        int Number(string name) => fields.GetProperty(name).GetInt32();
        return type switch
        {
            "header" => new HeaderRecord(Number("format"), fields.GetProperty("batch").GetString()!, Number("file"), Number("session"),
                Number("previous_file"), fields.GetProperty("previous_seq").GetInt64()),
            "session" => new SessionRecord(Number("session"), fields.GetProperty("started_at").GetDateTime(),
                fields.GetProperty("limits").GetRawText()),
            "open" => new OpenRecord(Number("line"), Number("of"), [.. fields.GetProperty("cases").EnumerateArray().Select(ParseCase)]),
            "attempt_ended" => new AttemptEndedRecord(
                Number("index"),
                Number("attempt"),
                fields.GetProperty("cause").GetString()!,
                fields.TryGetProperty("message", out var message) ? message.GetString()! : "",
                fields.TryGetProperty("duration_seconds", out var seconds) ? seconds.GetDouble() : double.NaN,
                fields.GetProperty("counts_as_try").GetBoolean()),
            "canceled" => new CanceledRecord(Number("index"), Number("attempt")),
            "reopened" => new ReopenedRecord(Number("index"), Number("attempt")),
            _ => throw new JsonException($"'{type}' is no record."),
        };
    }

    private static StartedRecord ParseStarted(ref Utf8JsonReader json)
    {
        int index = 0, attempt = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(ref json, "index"u8))
            {
                index = json.GetInt32();
            }
            else if (Is(ref json, "attempt"u8))
            {
                attempt = json.GetInt32();
            }
            else
            {
                json.Skip();
            }
        }

        return new StartedRecord(index, attempt);
    }

    private static OpenCase ParseCase(JsonElement fields)
    {
        int Number(string name) => fields.TryGetProperty(name, out var value) ? value.GetInt32() : 0;
        return new OpenCase(
            Number("index"), Number("attempt"), Number("tries"), Number("crashes"), Number("running") != 0, Number("suspect") != 0);
    }

    private static ResultKeyRecord ParseKey(ref Utf8JsonReader json)
    {
        int index = 0, attempt = 0;
        byte outcome = 0;
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName && outcome == 0)
        {
            if (Is(ref json, "index"u8))
            {
                index = json.GetInt32();
            }
            else if (Is(ref json, "attempt"u8))
            {
                attempt = json.GetInt32();
            }
            else if (Is(ref json, "outcome"u8))
            {
                outcome = ByteOf(json.GetString()!);
            }
            else
            {
                json.Skip();
            }
        }

        return new ResultKeyRecord(index, attempt, outcome);
    }

    /// <summary>When the property is the one named, moves to its value.</summary>
    private static bool Is(ref Utf8JsonReader json, ReadOnlySpan<byte> name)
    {
        var found = json.TokenType == JsonTokenType.PropertyName && json.ValueTextEquals(name);
        if (found)
        {
            json.Read();
        }

        return found;
    }

    private ResultRecord ParseResult(ref Utf8JsonReader json, IPlannedCases cases)
    {
        int index = 0, attempt = 0, session = 0;
        string id = "", outcome = "", cause = "", domain = "", other = "", message = "", output = "", artifactPath = "";
        double score = double.NaN, duration = double.NaN;
        var scored = false;
        DateTime started = default;
        var metrics = new double[cases.Schema.Metrics.Count];
        Array.Fill(metrics, double.NaN);
        StoredArtifact[] artifacts = [];

        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            var name = json.GetString();
            json.Read();
            switch (name)
            {
                case "index": index = json.GetInt32(); break;
                case "attempt": attempt = json.GetInt32(); break;
                case "id": id = json.GetString()!; break;
                case "session": session = json.GetInt32(); break;
                case "outcome": outcome = json.GetString()!; break;
                case "cause": cause = json.GetString()!; break;
                case "fault_domain": domain = json.GetString()!; break;
                case "scored": scored = json.GetBoolean(); break;
                case "score": score = json.GetDouble(); break;
                case "started_at": started = json.GetDateTime(); break;
                case "duration_seconds": duration = json.GetDouble(); break;
                case "metrics": ReadMetrics(ref json, cases.Schema, metrics); break;
                case "other_metrics": other = json.GetString()!; break;
                case "message": message = json.GetString()!; break;
                case "output": output = json.GetString()!; break;
                case "artifact_path": artifactPath = json.GetString()!; break;
                case "artifacts": artifacts = ReadArtifacts(ref json); break;
                default: json.Skip(); break;
            }
        }

        if (index < 0 || index >= cases.Count)
        {
            throw new JsonException($"The plan has no case {index}.");
        }

        var planned = cases.Get(index);
        return new ResultRecord(
            new TestResult
            {
                Outcome = outcome,
                Cause = cause,
                FaultDomain = domain,
                Scored = scored,
                Score = score,
                Kind = planned.Kind,
                Name = planned.Name,
                DurationSeconds = duration,
                Attempt = attempt,
                Session = session,
                StartedAt = started,
                Message = message,
                Output = output,
                ArtifactPath = artifactPath,
                Batch = cases.BatchId,
                RunFolder = runFolder,
                Index = index,
                Id = id,
                OtherMetrics = other,
                Schema = cases.Schema,
                ParameterValues = [.. planned.Parameters],
                MetricValues = metrics,
            },
            artifacts);
    }

    private static void ReadMetrics(ref Utf8JsonReader json, ResultSchema schema, double[] metrics)
    {
        var place = 0; // They were written in the schema's order.
        while (json.Read() && json.TokenType == JsonTokenType.PropertyName)
        {
            while (place < metrics.Length && !json.ValueTextEquals(schema.Metrics[place].Column))
            {
                place++;
            }

            json.Read();
            if (place < metrics.Length)
            {
                metrics[place] = json.GetDouble();
            }
        }
    }

    private static StoredArtifact[] ReadArtifacts(ref Utf8JsonReader json)
    {
        using var list = JsonDocument.ParseValue(ref json);
        return [.. list.RootElement.EnumerateArray().Select(item => new StoredArtifact(
            item.GetProperty("name").GetString()!, item.GetProperty("length").GetInt64(), item.GetProperty("hash").GetString()!))];
    }
}
