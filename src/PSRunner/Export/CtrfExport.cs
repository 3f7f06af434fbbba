using System.Buffers;
using System.Text.Json;

namespace PSRunner.Export;

/// <summary>
/// Common Test Report Format, as its JSON schema at ctrf.io says. Passed, failed and skipped are what they are; Errored,
/// TimedOut and Crashed are failed too, as other reporters have it, lest a run that broke look green. rawStatus is the outcome.
/// </summary>
internal static class CtrfExport
{
    public static void Write(Stream stream, ExportTable table)
    {
        var suites = ReportSuite.Of(table);
        var buffer = new ArrayBufferWriter<byte>();
        using var json = new Utf8JsonWriter(buffer, JsonExport.Options with { Indented = true });
        json.WriteStartObject();
        json.WriteString("reportFormat", "CTRF");
        json.WriteString("specVersion", "0.0.0");
        json.WriteStartObject("results");
        json.WriteStartObject("tool");
        json.WriteString("name", "PSRunner");
        json.WriteString("version", typeof(TestResult).Assembly.GetName().Version!.ToString(3));
        json.WriteEndObject();
        Summary(json, suites);
        json.WriteStartArray("tests");
        foreach (var cells in table.Rows())
        {
            Test(json, new ReportRow(table, cells));
            JsonExport.HandOver(json, buffer, stream);
        }

        json.WriteEndArray();
        json.WriteEndObject();
        json.WriteEndObject();
        JsonExport.HandOver(json, buffer, stream);
        stream.WriteByte((byte)'\n');
    }

    private static void Summary(Utf8JsonWriter json, IReadOnlyList<ReportSuite> suites)
    {
        json.WriteStartObject("summary");
        json.WriteNumber("tests", suites.Sum(s => s.Rows.Count));
        json.WriteNumber("passed", suites.Sum(s => s.Count(Outcomes.Passed)));
        json.WriteNumber("failed", suites.Sum(s => s.Count(Outcomes.Failed) + s.WithoutVerdict));
        json.WriteNumber("skipped", suites.Sum(s => s.Count(Outcomes.Skipped)));
        json.WriteNumber("pending", 0);
        json.WriteNumber("other", 0);
        json.WriteNumber("suites", suites.Count);
        json.WriteNumber("start", Milliseconds(suites.Min(s => s.StartedAt)));
        json.WriteNumber("stop", Milliseconds(suites.Max(s => s.EndedAt)));
        json.WriteEndObject();
    }

    private static void Test(Utf8JsonWriter json, ReportRow row)
    {
        json.WriteStartObject();
        if (Guid.TryParseExact(row.Id, "N", out var id))
        {
            json.WriteString("id", id);
        }

        json.WriteString("name", row.Name.Length > 0 ? row.Name : row.Kind);
        json.WriteString("status", row.Outcome switch
        {
            Outcomes.Passed => "passed",
            Outcomes.Skipped => "skipped",
            _ => "failed",
        });
        json.WriteNumber("duration", (long)Math.Round(row.Seconds * 1000));
        json.WriteNumber("start", Milliseconds(row.StartedAt));
        json.WriteNumber("stop", Milliseconds(row.EndedAt));
        json.WriteStartArray("suite");
        json.WriteStringValue(row.Batch);
        json.WriteStringValue(row.Kind);
        json.WriteEndArray();
        if (row.Message.Length > 0)
        {
            json.WriteString("message", row.Message);
        }

        json.WriteString("rawStatus", row.Outcome);
        json.WriteString("type", row.Kind);
        if (row.Output.Length > 0)
        {
            json.WriteStartArray("stdout");
            foreach (var line in row.Output.AsSpan().EnumerateLines())
            {
                json.WriteStringValue(line);
            }

            json.WriteEndArray();
        }

        Values(json, "parameters", row.Values(ColumnRole.Parameter));
        Values(json, "extra", row.Values(ColumnRole.Metric).Concat(Own(row)));
        json.WriteEndObject();
    }

    // What the format has no word for.
    private static IEnumerable<(string Name, object Value)> Own(ReportRow row)
    {
        foreach (var name in new[] { "cause", "fault_domain", "scored", "score", "attempt", "session", "index", "artifact_path" })
        {
            if (row[name] is { } value and not "")
            {
                yield return (name, value);
            }
        }
    }

    private static void Values(Utf8JsonWriter json, string name, IEnumerable<(string Name, object Value)> values)
    {
        json.WriteStartObject(name);
        foreach (var (key, value) in values)
        {
            json.WritePropertyName(key);
            JsonExport.WriteCell(json, value);
        }

        json.WriteEndObject();
    }

    private static long Milliseconds(DateTime time) => (long)Math.Round((time - DateTime.UnixEpoch).TotalMilliseconds);
}
