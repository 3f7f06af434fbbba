using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using PSRunner.Workflows.Endpoints;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>Every error text that the old runner recorded: the provider's have a cause, the others are not blamed on it.</summary>
public sealed partial class RecordedErrorsTests(ITestOutputHelper output)
{
    private const string NotTheProvider = "not the provider's";
    private const string NotRecorded = "provider, reason not recorded";

    [Fact]
    public void Every_recorded_message_is_mapped()
    {
        var found = Texts().GroupBy(t => Numbers().Replace(t, "N")).OrderByDescending(g => g.Count()).Select(g => (Text: g.Key, Count: g.Count(), Meaning: Meaning(g.First()))).ToList();
        foreach (var (text, count, meaning) in found)
        {
            output.WriteLine($"{count,4}  {meaning,-30} {text[..Math.Min(text.Length, 90)]}");
        }

        Assert.NotEmpty(found);
        Assert.All(found, row => Assert.True(row.Meaning is not null, row.Text));
        Assert.Contains(found, row => row.Meaning == Causes.ServerError);
        Assert.Contains(found, row => row.Meaning == Causes.NoReply);
    }

    /// <summary>The old runner flattened answers into text; this undoes it, so that the product's rules decide.</summary>
    private static string? Meaning(string text)
    {
        if (ErrorCode().Match(text) is { Success: true } answer)
        {
            return HttpFaults.OfAnswer((HttpStatusCode)int.Parse(answer.Groups["status"].Value), _ => null, answer.Groups["body"].Value.Replace('\'', '"'), default).Cause;
        }

        return text switch
        {
            _ when text.StartsWith("API timeout", StringComparison.Ordinal) => HttpFaults.OfException(new TimeoutException(text))!.Cause,
            _ when text.StartsWith("API failed after max retries", StringComparison.Ordinal) => NotRecorded,
            _ when OfTestOrHarness().IsMatch(text) => NotTheProvider,
            _ => null,
        };
    }

    private static IEnumerable<string> Texts()
    {
        var index = RecordedData.Find("logs_index.csv");
        var logs = Directory.GetFiles(Path.Combine(Path.GetDirectoryName(index)!, "logs"), "*.json");
        foreach (var log in logs)
        {
            JsonDocument document;
            try
            {
                document = JsonDocument.Parse(File.ReadAllText(log));
            }
            catch (JsonException)
            {
                continue; // One file was cut when it was written.
            }

            using (document)
            {
                var root = document.RootElement;
                List<string> issues = root.TryGetProperty("api_issues", out var list) && list.ValueKind == JsonValueKind.Array
                    ? [.. list.EnumerateArray().Select(issue => issue.GetProperty("issue").GetString()!)]
                    : [];
                foreach (var issue in issues)
                {
                    yield return issue;
                }

                // "Unknown error" is what the old runner wrote for a model when a request had failed: the issue is the error.
                if (root.TryGetProperty("result", out var result) && result.TryGetProperty("error", out var error)
                    && error.GetString() is { Length: > 0 } text && !(text == "Unknown error" && issues.Count > 0))
                {
                    yield return text;
                }
            }
        }

        foreach (var line in File.ReadLines(index).Skip(1))
        {
            if (line[(line.LastIndexOf(',') + 1)..].Trim('"', ' ') is { Length: > 0 } text && ErrorCode().IsMatch(text))
            {
                yield return text;
            }
        }
    }

    [GeneratedRegex(@"^Error code: (?<status>\d{3})(?: - (?<body>.*))?$", RegexOptions.Singleline)]
    private static partial Regex ErrorCode();

    [GeneratedRegex(@"\(tool: |^Tool call format|^Tool selection|^Required tools|^Max turns|^Test timeout|Broken pipe")]
    private static partial Regex OfTestOrHarness();

    [GeneratedRegex(@"\(after \d+ seconds\)|\(\d+ times\)")]
    private static partial Regex Numbers();
}
