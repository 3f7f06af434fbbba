using System.Globalization;
using System.Text;

namespace PSRunner.Module.Tests;

/// <summary>
/// The corpus of tests/PSRunner.Hostile as one batch: each ends as it must, and hurts nobody. PSRUNNER_LONG_TESTS=1 runs 200
/// hostile ones among 500 others.
/// </summary>
public sealed class HostileTests(ITestOutputHelper output) : IDisposable
{
    private const double LimitSeconds = 2;
    private const double GraceSeconds = 2;

    // The promise is a second. What is measured here includes the lateness of a machine that builds beside the tests.
    private const double SlackSeconds = 3;
    private const double PromisedSlackSeconds = 1;

    // In the shell that ran the batch: threads of ours, and handles without the assemblies that are loaded on the way.
    private const string Count =
        "function threads { @([System.IO.Directory]::GetDirectories('/proc/self/task') | ForEach-Object { try { [System.IO.File]::ReadAllText(\"$_/comm\") } catch [System.IO.IOException] { <# It has just ended. #> } } | Where-Object { $_ -like 'PSRunner *' }).Count }; "
        + "function handles { @([System.IO.Directory]::GetFiles('/proc/self/fd') | ForEach-Object { \"$([System.IO.File]::ResolveLinkTarget($_, $false))\" } | Where-Object { $_ -notlike '*.dll' }).Count };";

    private static readonly bool IsLong = Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1";
    private static readonly int WellBehavedBeside = IsLong ? 24 : 4;

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-hostile-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Every_hostile_test_ends_as_it_must_every_other_passes_and_nothing_is_left()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Needs a shell, signals and /proc.");
        var python = new[] { "/usr/bin/python3", "/usr/local/bin/python3" }.FirstOrDefault(File.Exists);
        var corpus = Directory.GetFiles(Path.Combine(Repository.Root, "tests", "PSRunner.Hostile"))
            .Where(f => !f.EndsWith(".md", StringComparison.Ordinal) && (python is not null || !f.EndsWith(".py", StringComparison.Ordinal)))
            .Order(StringComparer.Ordinal).ToDictionary(f => Path.GetFileName(f), f => f);
        var plan = new StringBuilder("$(");
        foreach (var (name, path) in corpus)
        {
            var limit = Header(path, "timeout") is { } own ? $" -TestTimeoutSeconds {own}" : $" -Repeat {Times(path)}";
            plan.Append(CultureInfo.InvariantCulture, $"{Make(path, python)} -Name '{name}'{limit}; ");
            plan.Append(CultureInfo.InvariantCulture, $"New-CommandTest sh '-c','echo fine' -Name fine -TestTimeoutSeconds 60 -Repeat {WellBehavedBeside}; ");
        }

        plan.Append("New-ScriptTest { 'fine' } -Name fine -TestTimeoutSeconds 60 -Repeat 12)");
        using var shell = ShellProcess.Run(
            _folder,
            string.Create(CultureInfo.InvariantCulture, $"{Count} $before = handles; {plan} | Start-TestBatch hostile -ThrottleLimit 8 -TestTimeoutSeconds {LimitSeconds} -GracePeriodSeconds {GraceSeconds} -MemoryLimitMB 512 ")
            + "| ForEach-Object { \"result|$($_.Name)|$($_.Outcome) $($_.Cause)|$($_.DurationSeconds)|$($_.Message)\" }; \"threads|$(threads)\"; \"handles|$((handles) - $before)\"");
        var left = Left();

        var results = shell.Output.Where(line => line.StartsWith("result|", StringComparison.Ordinal)).Select(line => line.Split('|')).ToList();
        output.WriteLine(string.Join('\n', shell.Output.Concat(shell.Errors)));
        Assert.All(corpus, file =>
        {
            var ended = results.Where(r => r[1] == file.Key).ToList();
            Assert.Equal((file.Key, Times(file.Value)), (file.Key, ended.Count));
            Assert.All(ended, result => Assert.Equal((file.Key, Header(file.Value, "expect")), (file.Key, result[2].Trim())));
            Assert.All(ended.Where(_ => Header(file.Value, "timeout") is null), result =>
                Assert.InRange(double.Parse(result[3], CultureInfo.InvariantCulture), 0, LimitSeconds + GraceSeconds + SlackSeconds));
        });
        foreach (var file in corpus.Keys)
        {
            var seconds = results.Where(r => r[1] == file).Select(r => double.Parse(r[3], CultureInfo.InvariantCulture)).Max();
            output.WriteLine($"{file}: {seconds:0.00} s{(seconds > LimitSeconds + GraceSeconds + PromisedSlackSeconds ? ", longer than promised to a test with the batch's limit" : "")}");
        }

        var wellBehaved = results.Where(r => r[1] == "fine").ToList();
        Assert.Equal((WellBehavedBeside * corpus.Count) + 12, wellBehaved.Count);
        Assert.All(wellBehaved, r => Assert.Equal("Passed", r[2].Trim()));
        Assert.Empty(left);
        Assert.Contains("threads|0", shell.Output);
        Assert.InRange(int.Parse(shell.Output.Single(l => l.StartsWith("handles|", StringComparison.Ordinal))[8..], CultureInfo.InvariantCulture), -100, 10);
    }

    // What brings its own limit needs much of the machine: once.
    private static int Times(string path) => IsLong && Header(path, "timeout") is null ? 10 : 1;

    private static string Make(string path, string? python) => Path.GetExtension(path) switch
    {
        ".ps1" => $"New-ScriptTest -FilePath '{path}'",
        ".py" => $"New-CommandTest {python} '{path}'",
        _ => $"New-CommandTest sh '{path}'",
    };

    private static string? Header(string path, string word) =>
        File.ReadLines(path).Take(3).FirstOrDefault(l => l.StartsWith($"# {word}: ", StringComparison.Ordinal))?[(word.Length + 4)..];

    // Living processes that were started for a case of this batch, whoever their parents are by now.
    private static List<string> Left()
    {
        var left = new List<string>();
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => int.TryParse(Path.GetFileName(p), out _)))
        {
            try
            {
                if (File.ReadAllText(process + "/environ").Contains("PSRUNNER_CASE=hostile-", StringComparison.Ordinal))
                {
                    left.Add(File.ReadAllText(process + "/cmdline").Replace('\0', ' '));
                }
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // It ended meanwhile, or is another user's.
            }
        }

        return left;
    }
}
