using System.Text.Json;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>What objects of every shape become in a result's Output, and in the files that it is saved to.</summary>
[Collection(OneAtATime.Name)]
public sealed class ScriptOutputTests : IDisposable
{
    // Block, then the lines of its output.
    private static readonly (string Block, string Expected)[] Table =
    [
        ("{ 'text'; 1.5; $null; [DayOfWeek]::Monday; [version]'1.2' }", "text/1.5//Monday/1.2"),
        ("{ 1..3 }", "1/2/3"),
        ("{ , (1, $null, 'a') }", """[1,null,"a"]"""),
        ("{ , @() }", "[]"),
        ("{ @{ Name = 'x' } }", """{"Name":"x"}"""),
        ("{ @{ 1 = [uint64]::MaxValue } }", """{"1":18446744073709551615}"""),
        ("{ [ordered]@{ b = 1; a = @{ c = 2.5, $true } } }", """{"b":1,"a":{"c":[2.5,true]}}"""),
        ("{ [pscustomobject]@{ Id = 7; Rows = @([pscustomobject]@{ A = 'é\"' }) }; 'last' }", """{"Id":7,"Rows":[{"A":"é\""}]}/last"""),
        ("{ class Point { $X = 1; $Y = 2 }; [Point]::new() }", """{"X":1,"Y":2}"""),
        ("{ @{ Now = [datetime]::new(2026, 1, 2, 0, 0, 0, [DateTimeKind]::Utc) } }", """{"Now":"2026-01-02T00:00:00Z"}"""),
        ("{ @{ Nothing = [double]::NaN } }", """{"Nothing":"NaN"}"""),
        ("{ @{ Torn = [string][char]0xD800 } }", """{"Torn":"*"}"""),
        ("{ $h = @{}; $h.Self = $h; $h }", """{"Self":{"Self":{"Self":{"Self":{"Self":"..."}}}}}"""),
        ("{ $deep = 0; foreach ($i in 1..2000) { $deep = @{ a = $deep } }; $deep }", """{"a":{"a":{"a":{"a":{"a":"..."}}}}}"""),
        ("{ , (1..100000) }", """[1,2,3,*,"..."]"""),
        ("{ @{ Long = 'x' * 100000 } }", """{"Long":"xxx*xxx..."}"""),
        ("{ $o = [pscustomobject]@{ Good = 1 }; $o.psobject.Properties.Add([psscriptproperty]::new('Bad', { throw 'no' })); $o }", """{"Good":1}"""),
        ("{ [ordered]@{ Outcome = 'Passed'; Score = 1 } }", """{"Outcome":"Passed","Score":1}"""),
    ];

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-shapes-").FullName;
    private readonly HostedPowerShell _shell;

    public ScriptOutputTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("Process")]
    [InlineData("Runspace")]
    public void Values_are_written_as_text_and_what_has_parts_as_a_line_of_json(string isolation)
    {
        var cases = string.Join('\n', Table.Select((row, i) => $"New-ScriptTest {row.Block} -Name '{i:000}'"));
        var results = _shell.Invoke($$"""
            @({{cases}}) | Start-TestBatch shapes -Isolation {{isolation}} -RetryCount 0 -TestTimeoutSeconds 60 6> $null |
                ForEach-Object { '{0} {1} {2}' -f $_.Name, $_.Outcome, $_.Output }
            """).Select(r => (string)r.BaseObject).Order(StringComparer.Ordinal).ToList();

        Assert.Equal(Table.Length, results.Count);
        Assert.All(Table.Zip(results), row => Assert.True(
            IsLike(row.Second[4..], "Passed " + row.First.Expected),
            $"{row.First.Block}\nexpected: {row.First.Expected}\nactual:   {row.Second[4..Math.Min(row.Second.Length, 500)]}"));
        Assert.All(results, r => Assert.InRange(r.Length, 0, 20_000));
    }

    [Fact]
    public void Files_bring_the_json_back_as_it_was()
    {
        _shell.Invoke("Start-TestBatch { [ordered]@{ a = 1, 'x,y'; b = @{ c = '\"q\"' } } } -Name saved 6> $null | Save-TestResults saved.jsonl -PassThru | Save-TestResults saved.csv");

        const string Json = """{"a":[1,"x,y"],"b":{"c":"\"q\""}}""";
        using var saved = JsonDocument.Parse(File.ReadAllText(Path.Combine(_folder, "saved.jsonl")));
        Assert.Equal(Json, saved.RootElement.GetProperty("output").GetString()!.Trim());
        Assert.Contains(Json.Replace("\"", "\"\"", StringComparison.Ordinal), File.ReadAllText(Path.Combine(_folder, "saved.csv")), StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_script_throws_may_be_longer_than_a_message_to_its_runner()
    {
        // Six bytes a character on the way: more than is taken for a message at all.
        var rows = _shell.Invoke("Start-TestBatch { throw [string]::new([char] 0xe9, 12MB) } -TestTimeoutSeconds 300 6> $null 3> $null | ForEach-Object { '{0} {1} {2}' -f $_.Outcome, $_.Cause, ($_.Message.Length -gt 1000) }");

        Assert.Equal("Errored exception True", Assert.Single(rows).BaseObject);
    }

    private static bool IsLike(string text, string pattern) =>
        System.IO.Enumeration.FileSystemName.MatchesSimpleExpression(pattern.Replace("\\", "\\\\", StringComparison.Ordinal), text.TrimEnd('\n').Replace('\n', '/'), ignoreCase: false);
}
