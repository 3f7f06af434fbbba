using System.Net;
using System.Text;
using System.Text.Json;
using CsCheck;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Tests.Execution;

public sealed class SecretsTests
{
    private const string Key = "sk-test/0123456789+abcdef=";

    private static readonly Gen<string> Keys = Gen.String[Gen.Char["abcXYZ0189-_+/=.~"], 12, 60];
    private static readonly Gen<string> Others = Gen.String[Gen.Char["qrs TUV.,:!\n"], 0, 20];

    private static readonly Dictionary<string, Func<string, string>> Shapes = new()
    {
        ["as it is"] = text => text,
        ["JSON"] = text => JsonSerializer.Serialize(text),
        ["JSON with small escapes"] = text => JsonSerializer.Serialize(text).Replace("\\u002B", "\\u002b", StringComparison.Ordinal),
        ["JSON of PHP"] = text => text.Replace("/", "\\/", StringComparison.Ordinal),
        ["address"] = Uri.EscapeDataString,
        ["address with small escapes"] = text => Uri.EscapeDataString(text).Replace("%2B", "%2b", StringComparison.Ordinal).Replace("%2F", "%2f", StringComparison.Ordinal).Replace("%3D", "%3d", StringComparison.Ordinal),
        ["form"] = text => WebUtility.UrlEncode(text),
        ["HTML"] = text => WebUtility.HtmlEncode(text),
        ["base64"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)),
        ["base64 for addresses"] = text => Convert.ToBase64String(Encoding.UTF8.GetBytes(text)).Replace('+', '-').Replace('/', '_'),
    };

    public static TheoryData<string> Names => [.. Shapes.Keys];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_secret_is_found_in_every_shape_and_what_stands_around_it_stays(string name) =>
        Gen.Select(Keys, Others, Others).Sample((key, before, after) =>
        {
            var shape = Shapes[name];
            var secrets = new Secrets();
            secrets.Add(key);
            var redacted = secrets.Redact(shape(before + key + after));

            Assert.Contains("***", redacted, StringComparison.Ordinal);
            Assert.DoesNotContain(key, redacted, StringComparison.Ordinal);
            if (!name.StartsWith("base64", StringComparison.Ordinal))
            {
                Assert.Equal(shape(before + "***" + after).Replace("%2A", "*", StringComparison.Ordinal), redacted);
            }
        }, iter: 300, seed: "0N0XIzNsQ0O2");

    [Fact]
    public void What_is_left_of_a_secret_where_a_text_was_cut_goes_too()
    {
        var secrets = new Secrets();
        secrets.Add(Key);

        Assert.Equal("*** and more", secrets.Redact(Key[5..] + " and more"));
        Assert.Equal("so far: ***", secrets.Redact("so far: " + Key[..15]));
        Assert.Equal("sk-test is how they begin", secrets.Redact("sk-test is how they begin"));
    }

    [Fact]
    public void A_report_is_cleaned_in_all_its_parts_and_one_that_holds_nothing_stays_the_same_files()
    {
        var secrets = new Secrets();
        secrets.Add(Key);
        secrets.Add("short");
        var clean = new Artifact("clean.txt", "short and nothing"u8.ToArray());
        var report = secrets.Redact(new AttemptReport
        {
            Message = $"no {Key}", Output = Key, Metrics = new Dictionary<string, double> { [Key] = 1, ["Tokens"] = 2 },
            Artifacts = [clean, new Artifact("spoiled.txt", Encoding.UTF8.GetBytes($"é {Key}\n"))],
        });

        Assert.Equal(("no ***", "***", "Tokens"), (report.Message, report.Output, Assert.Single(report.Metrics).Key));
        Assert.Same(clean, report.Artifacts[0]);
        Assert.Equal("é ***\n", Encoding.UTF8.GetString(report.Artifacts[1].Content.Span));
    }

    [Fact]
    public void What_an_executor_reports_or_throws_leaves_it_without_its_secrets()
    {
        var executor = new NoopExecutor((context, _) => context.CaseId.EndsWith('0') ? Task.FromResult(new AttemptReport { Message = Key, Output = Key }) : throw new InvalidOperationException($"no {Key}"));
        executor.Secrets.Add(Key);
        var batch = new MemoryBatch(2, executor);

        batch.Run();

        Assert.Equal(["***", "InvalidOperationException: no ***"], batch.Results.Select(r => r.Message).Order(StringComparer.Ordinal));
        Assert.All(batch.Results, r => Assert.DoesNotContain(Key, r.Output, StringComparison.Ordinal));
    }
}
