using System.Text.Json;

namespace PSRunner.Module.Tests;

/// <summary>The rules of CTRF's JSON schema for what our reports hold: names, types, and that no other name stands there.</summary>
internal static class CtrfRules
{
    private static readonly string[] Statuses = ["passed", "failed", "skipped", "pending", "other"];

    public static void Check(JsonElement report)
    {
        Object(report, ("reportFormat", 's', true), ("specVersion", 's', true), ("results", 'o', true));
        Assert.Equal("CTRF", report.GetProperty("reportFormat").GetString());
        Assert.Matches(@"^[0-9]+\.[0-9]+\.[0-9]+$", report.GetProperty("specVersion").GetString());
        var results = report.GetProperty("results");
        Object(results, ("tool", 'o', true), ("summary", 'o', true), ("tests", 'a', true));
        Object(results.GetProperty("tool"), ("name", 's', true), ("version", 's', false));
        var summary = results.GetProperty("summary");
        Object(summary, [.. Statuses.Concat(["tests", "start", "stop"]).Select(n => (n, 'i', true)), ("suites", 'i', false)]);
        var tests = results.GetProperty("tests").EnumerateArray().ToList();
        Assert.All(tests, Test);
        Assert.Equal(tests.Count, summary.GetProperty("tests").GetInt32());
        Assert.All(Statuses, s => Assert.Equal(tests.Count(t => t.GetProperty("status").GetString() == s), summary.GetProperty(s).GetInt32()));
    }

    private static void Test(JsonElement test)
    {
        Object(
            test, ("id", 's', false), ("name", 's', true), ("status", 's', true), ("duration", 'i', true), ("start", 'i', false), ("stop", 'i', false),
            ("suite", 'a', false), ("message", 's', false), ("rawStatus", 's', false), ("type", 's', false), ("stdout", 'a', false),
            ("parameters", 'o', false), ("extra", 'o', false));
        Assert.Contains(test.GetProperty("status").GetString(), Statuses);
        Assert.NotEmpty(test.GetProperty("name").GetString()!);
        Assert.True(Guid.TryParseExact(test.GetProperty("id").GetString(), "D", out _));
        Assert.NotEqual(0, test.GetProperty("suite").GetArrayLength());
        Assert.All(test.GetProperty("suite").EnumerateArray(), s => Assert.Equal(JsonValueKind.String, s.ValueKind));
    }

    private static void Object(JsonElement value, params (string Name, char Type, bool IsRequired)[] properties)
    {
        var known = properties.ToDictionary(p => p.Name, p => p.Type);
        Assert.All(value.EnumerateObject(), p => Assert.Equal(known[p.Name], TypeOf(p.Value)));
        Assert.All(properties.Where(p => p.IsRequired), p => Assert.True(value.TryGetProperty(p.Name, out _), p.Name));
    }

    private static char TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => 's',
        JsonValueKind.Number when value.TryGetInt64(out _) => 'i',
        JsonValueKind.Object => 'o',
        JsonValueKind.Array => 'a',
        _ => '?',
    };
}
