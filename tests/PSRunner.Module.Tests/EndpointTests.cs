using PSRunner.ModelServer;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Endpoints at the prompt: kept without their keys, shown without their keys.</summary>
[Collection(OneAtATime.Name)]
public sealed class EndpointTests : IDisposable
{
    private const string Secret = "sk-live-0123456789abcdef";
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-endpoint-").FullName;
    private readonly string? _before = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
    private readonly HostedPowerShell _shell;

    public EndpointTests()
    {
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _folder);
        _shell = new HostedPowerShell(_folder);
    }

    public void Dispose()
    {
        _shell.Dispose();
        Environment.SetEnvironmentVariable("XDG_CONFIG_HOME", _before);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void An_endpoint_is_kept_shown_changed_and_forgotten()
    {
        _shell.Invoke("Register-TestEndpoint gpt-4o-mini https://api.example.com/v1 -ApiKeyVariable PATH -RequestsPerMinute 500");

        Assert.Equal(
            """
            Name          Model          Req/min   Tok/min Key                  Uri
            ----          -----          -------   ------- ---                  ---
            gpt-4o-mini   gpt-4o-mini        500      auto $env:PATH            https://ap…
            """,
            string.Join('\n', _shell.Show("Get-TestEndpoint gpt*").Split('\n').Select(l => l.TrimEnd())));

        Assert.Equal("60000|0.15|PATH", Text("Set-TestEndpoint gpt-4o-mini -TokensPerMinute 60000 -RequestsPerMinute 0 -InputPrice 0.15 -PassThru | ForEach-Object { '{0}|{1}|{2}' -f $_.TokensPerMinute, $_.InputPrice, $_.ApiKeyVariable[0] }"));
        Assert.Equal("EndpointExists", _shell.InvokeExpectingError("Register-TestEndpoint GPT-4o-mini https://x.example/v1").FullyQualifiedErrorId.Split(',')[0]);
        Assert.Contains(_shell.Invoke("Get-TestEndpoint"), e => (string)e.Properties["Name"].Value == "sim-strong");
        _shell.Invoke("Get-TestEndpoint gpt* | Unregister-TestEndpoint");
        Assert.Equal("EndpointNotFound", _shell.InvokeExpectingError("Get-TestEndpoint gpt-4o-mini").FullyQualifiedErrorId.Split(',')[0]);
    }

    [Theory]
    [InlineData("Register-TestEndpoint", "EndpointMissing")]
    [InlineData("Register-TestEndpoint x", "EndpointMissing")]
    [InlineData("Register-TestEndpoint x ftp://x/v1", "EndpointUriInvalid")]
    [InlineData("Register-TestEndpoint x https://me:pass@x/v1", "EndpointUriInvalid")]
    [InlineData("Register-TestEndpoint x https://x/v1?key=abc", "EndpointUriInvalid")]
    [InlineData("Register-TestEndpoint x https://x/v1/chat/completions", "EndpointUriInvalid")]
    [InlineData("Register-TestEndpoint x 'https://x.openai.azure.com/openai/deployments/d?api-version=1&key=2'", "EndpointUriInvalid")]
    [InlineData("Register-TestEndpoint x https://x/v1 -ApiKeyVariable a1b2c3d4e5f60718293a4b5c6d7e8f90", "ApiKeyTyped")]
    [InlineData("Register-TestEndpoint x https://x/v1 -ApiKeySecret 9a1b2c3d4e5f60718293a4b5c6d7e8f9", "ApiKeyTyped")]
    [InlineData("Register-TestEndpoint sim-weak https://x/v1", "EndpointNameInvalid")]
    [InlineData("Register-TestEndpoint 'a*' https://x/v1", "EndpointNameInvalid")]
    [InlineData("Register-TestEndpoint x https://x/v1 -ApiKeyVariable " + Secret, "ApiKeyTyped")]
    [InlineData("Register-TestEndpoint x https://x/v1 -ApiKeySecret " + Secret, "ApiKeyTyped")]
    [InlineData("Register-TestEndpoint x https://x/v1 -ApiKey " + Secret, "ParameterArgumentTransformationError")]
    [InlineData("Register-TestEndpoint x https://x/v1 -RequestsPerMinute -3", "OutOfRange")]
    [InlineData("Set-TestEndpoint nope -Model y", "EndpointNotFound")]
    [InlineData("Set-TestEndpoint nope", "EndpointNotFound")]
    public void What_makes_no_endpoint_is_refused_and_a_typed_key_is_not_repeated(string script, string errorId)
    {
        var error = _shell.InvokeExpectingError(script);

        Assert.Equal(errorId, error.FullyQualifiedErrorId.Split(',')[0]);
        Assert.DoesNotContain(Secret, error.ToString(), StringComparison.Ordinal);
        Assert.DoesNotContain("a1b2c3d4e5f60718", error.ToString(), StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Theory]
    [InlineData("Test-TestEndpoint sim-strong")]
    [InlineData("Set-TestEndpoint sim-strong -RequestsPerMinute 3")]
    [InlineData("Unregister-TestEndpoint SIM-strong")]
    public void An_embedded_model_is_not_said_to_be_missing_when_it_is_taken_for_an_endpoint(string script) =>
        Assert.Contains("' is an embedded model", _shell.InvokeExpectingError(script).ToString(), StringComparison.OrdinalIgnoreCase);

    [Fact]
    public void A_change_of_nothing_is_refused()
    {
        _shell.Invoke("Register-TestEndpoint x https://x.example/v1 -ApiKeyVariable PATH");

        Assert.Equal("NothingToChange", _shell.InvokeExpectingError("Set-TestEndpoint x -PassThru -Verbose -WhatIf").FullyQualifiedErrorId.Split(',')[0]);
        _shell.Invoke("Set-TestEndpoint x -RequestsPerMinute 0; Get-TestEndpoint x | Set-TestEndpoint");
    }

    [Fact]
    public void Rows_of_a_CSV_are_endpoints_and_a_blank_cell_is_none()
    {
        _shell.Invoke("""
            [pscustomobject]@{ Name = 'a'; Uri = 'https://a.example/v1'; Model = 'big'; ApiKeyVariable = 'PATH'; RequestsPerMinute = ''; InputPrice = '2.5' },
            [pscustomobject]@{ Name = 'b'; Uri = 'https://b.example/v1'; Model = ''; ApiKeyVariable = 'PATH'; RequestsPerMinute = '60'; InputPrice = '' } | Register-TestEndpoint
            """);

        Assert.Equal("a|big|NaN|2.5 b|b|60|NaN", Text("(Get-TestEndpoint ? | ForEach-Object { '{0}|{1}|{2}|{3}' -f $_.Name, $_.Model, $_.RequestsPerMinute, $_.InputPrice }) -join ' '"));
    }

    [Fact]
    public void A_key_for_this_session_stands_in_no_file_and_on_no_object()
    {
        _shell.Invoke("$s = [securestring]::new(); foreach ($c in $args[0].ToCharArray()) { $s.AppendChar($c) }; Register-TestEndpoint x https://x.example/v1 -ApiKey $s -WarningAction SilentlyContinue", Secret);

        Assert.Equal("session", Text("(Get-TestEndpoint x).Key"));
        Assert.All(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories), f => Assert.DoesNotContain(Secret, File.ReadAllText(f), StringComparison.Ordinal));
        Assert.DoesNotContain(Secret, _shell.Show("Get-TestEndpoint x | Format-List *"), StringComparison.Ordinal);
    }

    [Fact]
    public void A_batch_whose_key_is_of_this_session_is_not_detached_and_one_without_its_key_does_not_begin()
    {
        _shell.Invoke("$s = [securestring]::new(); foreach ($c in $args[0].ToCharArray()) { $s.AppendChar($c) }; Register-TestEndpoint x https://x.example/v1 -ApiKey $s -WarningAction SilentlyContinue", Secret);
        _shell.Invoke("Register-TestEndpoint y https://y.example/v1 -ApiKeyVariable NO_SUCH_VARIABLE_HERE -WarningAction SilentlyContinue");

        Assert.Equal("ApiKeyOfThisSession", _shell.InvokeExpectingError("New-WorkflowTest x | Start-TestBatch -Detached").FullyQualifiedErrorId.Split(',')[0]);
        Assert.Equal("ApiKeyMissing", _shell.InvokeExpectingError("New-WorkflowTest y | Start-TestBatch").FullyQualifiedErrorId.Split(',')[0]);
        Assert.False(Directory.Exists(Path.Combine(_folder, "test-batches")));
    }

    [Fact]
    public void A_check_says_first_that_the_key_is_missing()
    {
        _shell.Invoke("Register-TestEndpoint x https://x.example/v1 -ApiKeyVariable NO_SUCH_VARIABLE_HERE -WarningAction SilentlyContinue");

        Assert.Matches(@"^False\|key\|\$env:NO_SUCH_VARIABLE_HERE is not set", Text("Test-TestEndpoint x | ForEach-Object { '{0}|{1}|{2}' -f $_.Healthy, $_.Check, $_.Message }"));
        Assert.Equal("False", Text("Test-TestEndpoint x -Quiet"));
    }

    [Theory]
    [InlineData("  ")]
    [InlineData("sk-one\nsk-two-0123456789")]
    [InlineData("sk-with space-0123456789")]
    [InlineData("sk-\u00e4\u00f6\u00fc-0123456789")]
    public void What_cannot_be_sent_as_a_key_is_said_before_anything_is_sent_and_not_shown(string key)
    {
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_BAD_KEY", key);
        _shell.Invoke("Register-TestEndpoint x http://127.0.0.1:9/v1 -ApiKeyVariable PSRUNNER_TEST_BAD_KEY -WarningAction SilentlyContinue");

        var found = Text("Test-TestEndpoint x | ForEach-Object { '{0}|{1}|{2}' -f $_.Healthy, $_.Check, $_.Message }");
        Assert.StartsWith("False|key|The key in $env:PSRUNNER_TEST_BAD_KEY is no key for endpoint 'x'", found, StringComparison.Ordinal);
        Assert.DoesNotContain("0123456789", found, StringComparison.Ordinal);
        Assert.Equal("ApiKeyInvalid", _shell.InvokeExpectingError("New-WorkflowTest x | Start-TestBatch").FullyQualifiedErrorId.Split(',')[0]);
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_BAD_KEY", null);
    }

    [Fact]
    public void A_file_that_was_edited_by_hand_is_looked_at_before_it_is_used()
    {
        _shell.Invoke("Register-TestEndpoint x https://x.example/v1 -ApiKeyVariable PATH");
        var file = Directory.EnumerateFiles(_folder, "endpoints.json", SearchOption.AllDirectories).Single();
        File.WriteAllText(file, File.ReadAllText(file).Replace("https://x.example/v1", "x.example", StringComparison.Ordinal));

        Assert.Equal("EndpointUriInvalid", _shell.InvokeExpectingError("New-WorkflowTest x | Start-TestBatch").FullyQualifiedErrorId.Split(',')[0]);
        Assert.StartsWith("-Uri takes", Text("Test-TestEndpoint x | ForEach-Object Message"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_key_that_is_a_word_spoils_no_right_answer()
    {
        await using var server = ChatServer.Start(new ServerOptions { Wit = _ => new ChatReply("Not anything") });
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_WORD", "anything");
        _shell.Invoke("Register-TestEndpoint x $args[0] -ApiKeyVariable PSRUNNER_TEST_WORD -RequestsPerMinute 60000", server.Endpoint.ToString());

        Assert.Equal("Passed|1|Not ***", Text("New-PromptTest x hi -ExpectText 'Not anything' | Start-TestBatch | ForEach-Object { '{0}|{1}|{2}' -f $_.Outcome, $_.Score, $_.Output }"));
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_WORD", null);
    }

    private string Text(string script) => _shell.Invoke(script).Single().ToString();
}
