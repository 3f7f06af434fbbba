using System.Collections.Concurrent;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using PSRunner.ModelServer;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>
/// A provider that says the key back in every way it can, over a real batch: the key stands in no file, on no stream and on no
/// object, neither as it is nor in another shape.
/// </summary>
[Collection(OneAtATime.Name)]
public sealed class SecrecyTests : IDisposable
{
    private const string Key = "sk-echo/0123456789+abcdefghijklmnop=";
    private const string Token = "hush-hush/9876543210+zyxw";

    private static readonly string[] Variables = ["XDG_CONFIG_HOME", "ECHO_KEY", "ECHO_TOKEN"];

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-secrecy-").FullName;
    private readonly Dictionary<string, string?> _before = Variables.ToDictionary(name => name, Environment.GetEnvironmentVariable);
    private readonly HostedPowerShell _shell;
    private readonly ConcurrentDictionary<string, int> _said = new(StringComparer.Ordinal);

    public SecrecyTests()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", Path.Combine(_folder, "config"));
        Environment.SetEnvironmentVariable("ECHO_KEY", Key);
        Environment.SetEnvironmentVariable("ECHO_TOKEN", Token);
        _shell = new HostedPowerShell(_folder);
    }

    public void Dispose()
    {
        _shell.Dispose();
        foreach (var (name, value) in _before)
        {
            Environment.SetEnvironmentVariable(name, value);
        }

        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public async Task A_key_that_the_provider_says_back_is_seen_nowhere()
    {
        await using var server = ChatServer.Start(new ServerOptions { Wit = _ => new ChatReply(Echo), Answer = Say });
        await using var closed = ChatServer.Start(new ServerOptions { Answer = (_, _) => Said("401", HttpAnswer.Json(401, Error("invalid_api_key", "Incorrect API key provided: "))) });
        const string script = """
            $DebugPreference = 'Continue'
            Register-TestEndpoint echo $args[0] -ApiKeyVariable ECHO_KEY
            Register-TestEndpoint whole $args[0] -ApiKeyVariable ECHO_KEY -NoStreaming
            Register-TestEndpoint closed $args[1] -ApiKeyVariable ECHO_KEY
            Get-TestEndpoint
            Test-TestEndpoint closed
            Test-TestEndpoint echo
            $cases = @(
                New-WorkflowTest echo,whole,closed baseline -TaskType simple_task -MaxTurns 3
                1..26 | ForEach-Object { "What is my key, $_?" } | New-PromptTest echo,whole,closed -ExpectMatch 'nothing'
                1..2 | ForEach-Object { "And now, ${_}?" } | New-PromptTest echo -ExpectScript { param($reply) "it said $reply"; Write-Warning $env:ECHO_KEY; [Console]::Error.WriteLine($env:ECHO_KEY); Write-Error "no $env:ECHO_KEY" }
                1..2 | ForEach-Object { "And then, ${_}?" } | New-PromptTest echo -ExpectScript { throw "no $env:ECHO_KEY" }
                New-CommandTest sh '-c','echo $TOKEN; seq 20000; echo told $TOKEN >&2; exit 3' -Environment @{ TOKEN = '$env:ECHO_TOKEN' }
            )
            $cases
            $cases | Start-TestBatch secret -RetryCount 0 -ThrottleLimit 8 -BatchVariable batch -Verbose | Save-TestResults seen.jsonl -PassThru
            $batch
            Get-TestResult secret -AllAttempts | Save-TestResults seen.csv -PassThru
            Get-TestResult secret | Save-TestResults seen.xml
            Get-TestResult secret | Measure-TestResult Model
            Test-TestBatch secret
            """;

        using var ps = _shell.Create(script, server.Endpoint.ToString(), closed.Endpoint.ToString());
        var output = ps.Invoke();

        var results = output.Where(o => o.BaseObject is not null && o.TypeNames[0] == "PSRunner.TestResult").ToList();
        Assert.True(results.Count > 60, $"{results.Count} results. {_shell.Host.Screen} {string.Join('\n', ps.Streams.Warning)} {string.Join('\n', ps.Streams.Error)}");
        Assert.Contains(results, r => ((string)r.Properties["Output"].Value).Contains("***", StringComparison.Ordinal));
        Assert.Contains(results, r => ((string)r.Properties["Message"].Value).Contains("***", StringComparison.Ordinal));
        Assert.Empty(Ways.Except(_said.Keys));
        Assert.All(results.Where(r => Equals(r.Properties["Cause"].Value, "exception") || Equals(r.Properties["Cause"].Value, "error-stream")), r => Assert.Contains("-ExpectScript", (string)r.Properties["Message"].Value, StringComparison.Ordinal));

        foreach (var item in output)
        {
            AssertClean(item.TypeNames[0], PSSerializer.Serialize(item, 4));
            AssertClean(item.TypeNames[0], string.Join('\n', item.Properties.Where(p => p.IsGettable).Select(p => $"{p.Name}={p.Value}")));
        }

        var streams = ps.Streams;
        AssertClean("streams", string.Join('\n', ((IEnumerable<object>)[.. streams.Error, .. streams.Error.Select(e => e.Exception), .. streams.Warning, .. streams.Verbose, .. streams.Debug, .. streams.Information, .. streams.Progress]).Select(r => r.ToString())));
        AssertClean("the screen", _shell.Host.Screen);
        AssertClean("an object shown", _shell.Show("Get-TestResult secret"));
        AssertClean("an error", _shell.InvokeExpectingError("New-WorkflowTest closed | Start-TestBatch again -FixedRate; Register-TestEndpoint echo https://x.example/v1").ToString());
        foreach (var folder in (string[])[_folder, Environment.GetEnvironmentVariable("XDG_STATE_HOME")!])
        {
            foreach (var file in Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories))
            {
                AssertClean(file, file + await File.ReadAllTextAsync(file, Encoding.Latin1, TestContext.Current.CancellationToken));
            }
        }
    }

    private static IEnumerable<string> Ways => ["401", "500", "long", "page", "redirect", "header", "line", "role", "finish", "event", "throttle", "filter", "json", "call"];

    private static string Echo => $"Your key is {string.Join(" or ", Shapes(Key))}.";

    private static string Error(string code, string message) =>
        JsonSerializer.Serialize(new { error = new { message = message + Key + " " + Uri.EscapeDataString(Key), type = code, code } });

    /// <summary>Every third request meets one way after the other; the others get a proper answer, with the key in its text.</summary>
    private HttpAnswer? Say(long number, ChatRequest request) => number <= 6 || number % 3 != 0 ? null : (number / 3 % 13) switch
    {
        0 => Said("500", HttpAnswer.Json(500, Error("server_error", "Broken for "))),
        1 => Said("long", HttpAnswer.Json(400, Error("bad", new string('x', 280)))),
        2 => Said("page", new HttpAnswer(200, "text/html", [Encoding.UTF8.GetBytes($"<!DOCTYPE html><p>{Echo}</p>")])),
        3 => Said("redirect", new HttpAnswer(307, "text/plain", []) { Headers = [("Location", $"http://elsewhere.invalid/?key={Uri.EscapeDataString(Key)}")] }),
        4 => Said("header", HttpAnswer.Json(503, "{}") with { Headers = [("Retry-After", Key), ("X-Your-Key", Key)] }),
        5 => Said("line", new HttpAnswer(200, "text/plain", []) { StatusLine = $"HTTP/1.1 {Key}" }),
        6 => Said("role", Completion("""{"role":"KEY","content":"x"}""", "stop")),
        7 => Said("finish", Completion("""{"role":"assistant","content":"KEY"}""", Key)),
        8 => Said("event", new HttpAnswer(200, "text/event-stream", [Encoding.UTF8.GetBytes($"data: {Error("server_error", "Broken for ")}\n\n")])),
        9 => Said("throttle", HttpAnswer.Json(429, Error("rate_limit_exceeded", "Too much for ")) with { Headers = [("Retry-After", "0")] }),
        10 => Said("filter", HttpAnswer.Json(400, Error("content_filter", "Not for "))),
        11 => Said("json", HttpAnswer.Json(200, """{"choices":[{"index":0,"message":{"role":"assistant","content":["KEY"]}}],"id":{"KEY":1}}""".Replace("KEY", Key, StringComparison.Ordinal))),
        _ => Said("call", Completion("""{"role":"assistant","content":null,"tool_calls":[{"id":"KEY","type":"KEY","function":{"name":"KEY","arguments":"{\"KEY\":\"KEY\"}"}}]}""", "tool_calls")),
    };

    private HttpAnswer Said(string way, HttpAnswer answer)
    {
        _said.AddOrUpdate(way, 1, (_, count) => count + 1);
        return answer;
    }

    private static HttpAnswer Completion(string message, string finish) => HttpAnswer.Json(
        200, """{"id":"x","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,"message":MESSAGE,"finish_reason":"FINISH"}]}"""
            .Replace("MESSAGE", message, StringComparison.Ordinal).Replace("KEY", Key, StringComparison.Ordinal).Replace("FINISH", finish, StringComparison.Ordinal));

    private static IEnumerable<string> Shapes(string secret)
    {
        yield return secret;
        yield return Uri.EscapeDataString(secret);
        yield return JsonEncodedText.Encode(secret).ToString();
        yield return secret.Replace("/", "\\/", StringComparison.Ordinal);
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(secret));
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes(":" + secret));
        yield return Convert.ToBase64String(Encoding.UTF8.GetBytes("me:" + secret));
    }

    // Half a key is too much as well; the first four characters of base64 hold what stands before it.
    private static void AssertClean(string where, string text)
    {
        foreach (var shape in Shapes(Key).Concat(Shapes(Token)))
        {
            var half = shape.Substring(4, shape.Length / 2);
            var at = text.IndexOf(half, StringComparison.Ordinal);
            Assert.True(at < 0, $"{where} holds a secret: …{text[Math.Max(0, at - 200)..Math.Min(text.Length, Math.Max(0, at) + 80)]}…");
        }
    }
}
