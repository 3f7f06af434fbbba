using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Plain prompts, at the prompt.</summary>
[Collection(OneAtATime.Name)]
public sealed class PromptTestTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-prompt-").FullName;
    private readonly HostedPowerShell _shell;

    public PromptTestTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Rows_are_prompts_with_expectations_and_their_other_columns_are_parameters()
    {
        _shell.Invoke(
            """
            $rows = [pscustomobject]@{ id = 1; category = 'math'; Prompt = 'What is 2+2?'; Expected = '4'; ExpectLike = '' },
                    [pscustomobject]@{ id = 2; category = 'words'; Prompt = 'Tell me of {x}'; Expected = ''; ExpectLike = '*{x}' },
                    [pscustomobject]@{ id = 3; category = 'words'; Prompt = 'Tell me'; Expected = 'no'; ExpectLike = '' }
            $results = $rows | New-PromptTest sim-strong | Start-TestBatch rows
            """);

        Assert.Equal(
            ["1|math|What is 2+2?|Passed|1|4", "2|words|Tell me of {x}|Passed|1|You asked: Tell me of {x}", "3|words|Tell me|Failed|0|You asked: Tell me"],
            Lines("$results | ForEach-Object { '{0}|{1}|{2}|{3}|{4}|{5}' -f $_.ParamId, $_.category, $_.Prompt, $_.Outcome, $_.Score, $_.Output }"));
        Assert.Equal("wrong-answer|Model|expected 'no'; got 'You asked: Tell me'", Lines("$results | Where-Object Outcome -eq Failed | ForEach-Object { '{0}|{1}|{2}' -f $_.Cause, $_.FaultDomain, $_.Message }").Single());
    }

    [Fact]
    public void What_is_typed_is_a_template_and_goes_before_the_columns()
    {
        Assert.Equal(
            ["""{"prompt":"a 2\u002B2?","system":"Say {it}.","expect":"match","value":"^4\\.0$"}""", """{"prompt":"b 2\u002B2?","system":"Say {it}.","expect":"match","value":"^4\\.0$"}"""],
            Lines(
                """
                @{ q = '2+2?'; a = '4.0'; Expected = 'not this'; Prompt = 'nor this' } |
                    New-PromptTest sim-strong '{way} {q}' -System 'Say {{it}}.' -ExpectMatch '^{a}$' -Matrix @{ way = 'a', 'b' } |
                    ForEach-Object { [PSRunner.TestCase].GetProperty('Definition', [Reflection.BindingFlags]'Instance,NonPublic').GetValue($_) }
                """));
        Assert.Equal(["One: x", "Two: x"], Lines("'One', 'Two' | New-PromptTest sim-weak -ExpectText x -Name '{Prompt}: x' | ForEach-Object Name"));
        Assert.Equal(["sim-weak Say One", "sim-weak Say Two"], Lines("'One', 'Two' | New-PromptTest sim-weak 'Say {Item}' -ExpectText '{Item}' | ForEach-Object Name"));
    }

    [Fact]
    public void A_script_judges_with_the_columns_of_the_row_in_a_process_that_is_ended_when_it_hangs()
    {
        _shell.Invoke(
            """
            $limit = 10
            $cases = @(
                [pscustomobject]@{ Prompt = 'What is 2+2?'; answer = 4 } | New-PromptTest sim-strong -Name good -ExpectScript { param($reply, $answer) $_ -eq $answer -and [int]$reply -lt $using:limit }
                New-PromptTest sim-strong 'What is 2+2?' -Name bad -ExpectScript { @{ Score = 0.2; Message = 'too small' } }
                New-PromptTest sim-strong 'What is 2+2?' -Name broken -ExpectScript { throw 'broken' }
                New-PromptTest sim-strong 'What is 2+2?' -Name hung -ExpectScript { while ($true) { } }
            )
            $results = $cases | Start-TestBatch judged -StallTimeoutSeconds 5 -GracePeriodSeconds 1 -RetryCount 1
            """);

        Assert.Equal(
            [
                "bad|Failed|wrong-answer|Model|0.2|too small|1", "broken|Errored|exception|Test|NaN|-ExpectScript: broken|1",
                "good|Passed|||1||1", "hung|TimedOut|test-timeout|Test|NaN|-ExpectScript: no end within 5 s|1",
            ],
            Lines("$results | ForEach-Object { '{0}|{1}|{2}|{3}|{4}|{5}|{6}' -f $_.Name, $_.Outcome, $_.Cause, $_.FaultDomain, $_.Score, $_.Message, $_.Attempt }"));
    }

    [Theory]
    [InlineData("New-PromptTest", "ModelMissing")]
    [InlineData("New-PromptTest gpt-9 hi -ExpectText a", "ModelUnknown")]
    [InlineData("New-PromptTest sim-weak -ExpectText a", "PromptMissing")]
    [InlineData("[IO.FileInfo]::new('x') | New-PromptTest sim-weak -ExpectText a", "PromptMissing")]
    [InlineData("New-PromptTest sim-weak hi", "ExpectationMissing")]
    [InlineData("New-PromptTest sim-weak hi -ExpectText a -ExpectLike b", "ExpectationTwice")]
    [InlineData("New-PromptTest sim-weak hi -ExpectMatch '('", "ExpectMatchInvalid")]
    [InlineData("New-PromptTest sim-weak hi -ExpectSchema '{'", "ExpectSchemaInvalid")]
    [InlineData("New-PromptTest sim-weak hi -ExpectSchema nowhere.json", "ExpectSchemaNotFound")]
    [InlineData("New-PromptTest sim-weak 'hi {you}' -ExpectText a", "PlaceholderUnknown")]
    public void What_makes_no_case_is_refused(string script, string errorId) =>
        Assert.Equal(errorId, _shell.InvokeExpectingError(script).FullyQualifiedErrorId.Split(',')[0]);

    [Fact]
    public void A_batch_of_prompts_goes_on_where_it_was_cut_off()
    {
        _shell.Invoke("foreach ($once in 1) { 1..20 | ForEach-Object { \"What is $_+1?\" } | New-PromptTest sim-strong -ExpectMatch '^\\d+$' | Start-TestBatch cut -ThrottleLimit 1 | ForEach-Object { if ($_.Index -eq 3) { break } } }");

        Assert.InRange(Lines("Resume-TestBatch cut | ForEach-Object Id").Count, 1, 17);
        var prompts = Lines("Get-TestResult cut | ForEach-Object Prompt");
        Assert.Equal((20, 20), (prompts.Count, prompts.Distinct().Count()));
    }

    private List<string> Lines(string script) => [.. _shell.Invoke(script).Select(o => o?.ToString() ?? "").Order(StringComparer.Ordinal)];
}
