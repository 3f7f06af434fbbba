using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Whatever a script does, it does to its worker process and not to its neighbours.</summary>
[Collection(OneAtATime.Name)]
public sealed class WorkerTests(ITestOutputHelper output) : IDisposable
{
    private const string Short = "$_.Name + '|' + $_.Outcome + '|' + $_.Cause + '|' + $_.Attempt + '|' + $_.Message";

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-worker-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_worker_that_dies_costs_its_own_test_alone()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Names signals.");
        using var shell = new HostedPowerShell(_folder);
        var rows = Run(
            shell,
            """
            New-ScriptTest { 'before'; [Environment]::Exit(7) } -Name exit
            New-ScriptTest { [Environment]::FailFast('on purpose') } -Name failfast
            New-ScriptTest { $a = [object[]]::new(1); $a[0] = $a; [System.Collections.StructuralComparisons]::StructuralEqualityComparer.GetHashCode($a) } -Name overflow
            New-ScriptTest { [System.Diagnostics.Process]::GetCurrentProcess().Kill() } -Name kill
            New-ScriptTest { "fine $n" } -Matrix @{ n = 1..30 } -Name 'good {n}'
            """,
            "-ThrottleLimit 2 -TestTimeoutSeconds 60",
            Short + " + '|' + $_.Output");

        var bad = rows.Where(r => !r.StartsWith("good", StringComparison.Ordinal)).ToList();
        Assert.Collection(
            bad,
            r => Assert.Equal("exit|Crashed|worker-crash|2|the worker process ended with exit code 7|before\n", r),
            r => Assert.Matches(@"^failfast\|Crashed\|worker-crash\|2\|the worker process ended by SIGABRT: .*on purpose", r),
            r => Assert.Equal("kill|Crashed|worker-crash|2|the worker process ended by SIGKILL|", r),
            r => Assert.Matches(@"^overflow\|Crashed\|worker-crash\|2\|the worker process ended by SIGABRT: Stack overflow\.", r));
        Assert.Equal(30, rows.Count(r => r.Contains("|Passed||1||", StringComparison.Ordinal)));
        AssertNothingLeft();
    }

    [Fact]
    public void A_test_that_hangs_is_ended_with_all_it_started_and_its_neighbours_pass()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        using var shell = new HostedPowerShell(_folder);
        var clock = Stopwatch.StartNew();
        var rows = Run(
            shell,
            $$"""
            New-ScriptTest { 'went in'; while ($true) { } } -Name spin -TestTimeoutSeconds 3
            New-ScriptTest { [System.Threading.Thread]::Sleep(-1) } -Name sleep -TestTimeoutSeconds 3
            New-ScriptTest { sh -c 'sleep 4711 & setsid sleep 4712 & wait' } -Name tree -TestTimeoutSeconds 3
            New-ScriptTest { try { while ($true) { } } finally { [System.IO.File]::WriteAllText('{{_folder}}/cleaned.txt', 'x') } } -Name polite -TestTimeoutSeconds 3
            New-ScriptTest { "fine $n" } -Matrix @{ n = 1..20 } -Name 'good {n}'
            """,
            "-ThrottleLimit 3 -TestTimeoutSeconds 60 -GracePeriodSeconds 4",
            "$_.Name + '|' + $_.Outcome + '|' + $_.Cause + '|' + $_.Output");

        Assert.Equal(
            ["polite|TimedOut|test-timeout|", "sleep|TimedOut|test-timeout|", "spin|TimedOut|test-timeout|went in\n", "tree|TimedOut|test-timeout|"],
            rows.Where(r => !r.StartsWith("good", StringComparison.Ordinal)));
        Assert.Equal(20, rows.Count(r => r.Contains("|Passed|", StringComparison.Ordinal)));
        Assert.True(File.Exists(Path.Combine(_folder, "cleaned.txt")), "A test that stops when it is asked runs its finally blocks.");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 120);
        AssertNothingLeft();
    }

    [Fact]
    public void A_worker_is_warm_for_the_next_test_until_one_leaves_a_process_behind()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there a worker sees all its descendants.");
        using var shell = new HostedPowerShell(_folder);
        var rows = Run(
            shell,
            "New-ScriptTest { param($n) $PID; if ($n -eq 5) { $null = [System.Diagnostics.Process]::Start('sleep', '4713') } } -Matrix @{ n = 1..9 } -Name '{n}'",
            "-ThrottleLimit 1 -TestTimeoutSeconds 60",
            "$_.Name + '|' + $_.Output.Trim()");

        var workers = rows.Select(r => r.Split('|')[1]).ToList();
        Assert.Single(workers.Take(5).Distinct());
        Assert.Single(workers.Skip(5).Distinct());
        Assert.Equal(2, workers.Distinct().Count());
        AssertNothingLeft();
    }

    [Fact]
    public void A_worker_leaves_nothing_in_the_temporary_folder_and_tests_see_no_variable_of_ours()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there the runtime's sockets are files.");
        using var shell = new HostedPowerShell(_folder);
        var start = Directory.GetLastWriteTimeUtc(_folder); // Killed processes of others may have had the same numbers.
        var rows = Run(
            shell,
            "New-ScriptTest { param($n) \"$PID \" + (([Environment]::GetEnvironmentVariables().Keys -match 'DIAGNOSTICS|WORKER_VARIABLES') -join ','); if ($n -eq 2) { [System.Diagnostics.Process]::GetCurrentProcess().Kill() } } -Matrix @{ n = 1..3 } -Name '{n}'",
            "-ThrottleLimit 1 -TestTimeoutSeconds 60",
            "$_.Output");

        Assert.Equal(3, rows.Count);
        Assert.All(rows, row =>
        {
            var match = Regex.Match(row, @"^(\d+) \n?$");
            Assert.True(match.Success, row);
            Assert.DoesNotContain(
                new DirectoryInfo(Path.GetTempPath()).EnumerateFileSystemInfos().Where(f => f.LastWriteTimeUtc >= start).Select(f => f.Name),
                name => Regex.IsMatch(name, $"[-.]{match.Groups[1].Value}[-.]"));
        });
    }

    [Fact]
    public void A_worker_is_replaced_after_a_thousand_tests_and_when_its_memory_grows()
    {
        using var shell = new HostedPowerShell(_folder);
        var many = Run(shell, "New-ScriptTest { param($n) $PID } -Matrix @{ n = 1..1001 } -Name '{n}'", "-ThrottleLimit 1 -TestTimeoutSeconds 60", "$_.Output.Trim()");
        Assert.Equal([1, 1000], many.GroupBy(pid => pid).Select(g => g.Count()).Order());

        var grown = Run(
            shell,
            "New-ScriptTest { param($n) $PID; if ($n -eq 3) { $held = [byte[]]::new(600MB); [Array]::Fill($held, [byte] 1); [AppDomain]::CurrentDomain.SetData('held', $held) } } -Matrix @{ n = 1..6 } -Name '{n}'",
            "-ThrottleLimit 1 -TestTimeoutSeconds 60",
            "$_.Name + '|' + $_.Outcome + '|' + $_.Output.Trim()");
        Assert.All(grown, row => Assert.Contains("|Passed|", row, StringComparison.Ordinal));
        Assert.Single(grown.Take(3).Select(row => row.Split('|')[2]).Distinct());
        Assert.Single(grown.Skip(3).Select(row => row.Split('|')[2]).Distinct());
        Assert.NotEqual(grown[2].Split('|')[2], grown[3].Split('|')[2]);
        AssertNothingLeft();
    }

    [Fact]
    public void What_one_test_keeps_in_memory_does_not_count_against_the_limit_of_the_next()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Memory is watched on Linux.");
        using var shell = new HostedPowerShell(_folder);
        var rows = Run(
            shell,
            "New-ScriptTest { param($n) $held = [byte[]]::new(220MB); [Array]::Fill($held, [byte] 1); [AppDomain]::CurrentDomain.SetData(\"held$n\", $held); [System.Threading.Thread]::Sleep(600) } -Matrix @{ n = 1..4 } -Name '{n}'",
            "-ThrottleLimit 1 -TestTimeoutSeconds 60 -MemoryLimitMB 500",
            Short);

        Assert.Equal(Enumerable.Range(1, 4).Select(n => $"{n}|Passed||1|"), rows);
    }

    [Fact]
    public void Each_test_works_in_an_empty_folder_and_what_a_failed_one_leaves_is_kept()
    {
        using var shell = new HostedPowerShell(_folder);
        var rows = Run(
            shell,
            """
            New-ScriptTest { param($n) [System.IO.Directory]::GetFiles("$pwd").Count; [Environment]::CurrentDirectory -eq "$pwd"; [System.IO.File]::WriteAllText("$pwd/$n.txt", 'x'); $n -ne 3 } -Matrix @{ n = 1..5 } -Name '{n}'
            """,
            "-ThrottleLimit 1 -TestTimeoutSeconds 60",
            "$_.Name + '|' + $_.Outcome + '|' + $_.Output.Split(\"`n\")[0] + '|' + $_.Output.Split(\"`n\")[1]");

        Assert.Equal(["1|Passed|0|True", "2|Passed|0|True", "3|Failed|0|True", "4|Passed|0|True", "5|Passed|0|True"], rows);
        Assert.Equal("3.txt", Path.GetFileName(Assert.Single(Directory.EnumerateFiles(_folder, "?.txt", SearchOption.AllDirectories))));
    }

    [Fact]
    public void Killed_at_any_moment_a_batch_of_scripts_goes_on_from_another_shell_and_nobody_innocent_crashed()
    {
        const string Print = "ForEach-Object { \"$($_.Index)|$($_.Outcome)|$($_.Output.Trim())\" }";
        const int Seed = 11;
        var random = new Random(Seed);
        var seen = new Dictionary<string, string>();
        var kills = 0;
        for (var run = 0; run < 12 && seen.Count < 60; run++)
        {
            using var shell = ShellProcess.Start(
                _folder,
                run == 0
                    ? $"$by = 2; 1..60 | Start-TestBatch {{ \"$(Get-Twice ($_)) $($using:by)\"; [System.Threading.Thread]::Sleep(50) }} -Name night -ThrottleLimit 2 -InitializationScript {{ function Get-Twice($n) {{ 2 * $n }} }} | {Print}"
                    : $"Resume-TestBatch night | {Print}");
            if (kills < 4 && shell.WaitForLines(random.Next(4, 15)))
            {
                shell.Kill();
                kills++;
            }
            else
            {
                shell.WaitForEnd();
            }

            foreach (var line in shell.Output.Where(l => l.Contains('|', StringComparison.Ordinal)))
            {
                Assert.True(seen.TryAdd(line.Split('|')[0], line), $"Printed twice (seed {Seed}, run {run}): {line}");
            }
        }

        using var all = ShellProcess.Run(_folder, $"Get-TestResult night | {Print}");
        var stored = all.Output.Where(l => l.Contains('|', StringComparison.Ordinal)).Order(StringComparer.Ordinal);
        Assert.Equal(Enumerable.Range(1, 60).Select(n => $"{n - 1}|Passed|{2 * n} 2").Order(StringComparer.Ordinal), stored);
        Assert.Equal(4, kills);
        AssertNothingLeft();
    }

    /// <summary><c>PSRUNNER_KILLS=1000 dotnet test --filter WorkerTests</c> is the long run.</summary>
    [Fact]
    public void Workers_that_are_killed_leave_no_grandchild_and_no_handle()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");
        var kills = int.Parse(Environment.GetEnvironmentVariable("PSRUNNER_KILLS") ?? "15", CultureInfo.InvariantCulture);
        using var shell = new HostedPowerShell(_folder);
        _ = Run(shell, "New-ScriptTest { }", "", "$_.Outcome");
        var handles = CountHandles();

        // Killed at their limit; killed from below while a grandchild holds the output that the script waits for; killed by
        // themselves while daemons hold the worker's own output. The last two crash, at once and twice: two kills each.
        var rows = Run(
            shell,
            $$"""
            New-ScriptTest { sh -c 'sleep 4714 & setsid sleep 4715 & wait' } -Matrix @{ n = 1..{{kills / 5}} } -TestTimeoutSeconds 1
            New-ScriptTest { sh -c '(setsid -f sleep 4716); sleep 4717 & kill -9 $PPID; wait' } -Matrix @{ n = 1..{{kills / 5}} }
            New-ScriptTest {
                $start = [System.Diagnostics.ProcessStartInfo]::new('sh', [string[]]('-c', 'setsid -f sleep 4718; sleep 4719 &'))
                [System.Diagnostics.Process]::Start($start).WaitForExit()
                [System.Diagnostics.Process]::GetCurrentProcess().Kill()
            } -Matrix @{ n = 1..{{kills / 5}} }
            """,
            "-ThrottleLimit 4 -TestTimeoutSeconds 300 -GracePeriodSeconds 2 -BatchTimeoutSeconds 20000",
            "$_.Outcome");

        Assert.Equal((kills / 5, 2 * (kills / 5)), (rows.Count(r => r == "TimedOut"), rows.Count(r => r == "Crashed")));
        output.WriteLine($"{rows.Count(r => r == "TimedOut") + (2 * rows.Count(r => r == "Crashed"))} kills; {CountHandles() - handles} handles more than before.");
        AssertNothingLeft();

        // Tests beside this one hold some too; in the long run one for each kill would be a thousand.
        Assert.True(SpinWait.SpinUntil(() => CountHandles() <= handles + 50, TimeSpan.FromSeconds(10)), $"{CountHandles()} handles are open, {handles} were before.");
    }

    [Fact]
    public void A_batch_of_scripts_leaves_no_thread_and_no_guardian_in_its_shell()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Reads /proc.");

        // Scripts alone, and several that begin at once: nothing else has made ready what they share. A thread is listed for a
        // moment after its end.
        using var shell = ShellProcess.Run(
            _folder,
            """
            function left {
                [System.IO.Directory]::GetDirectories('/proc/self/task') | ForEach-Object { try { [System.IO.File]::ReadAllText("$_/comm").Trim() } catch [System.IO.IOException] { <# It has just ended. #> } } | Where-Object { $_ -like 'PSRunner *' }
                [System.IO.File]::ReadAllText("/proc/self/task/$PID/children").Trim()
            }
            foreach ($batch in 1..5) { 1..8 | Start-TestBatch { 1 } -ThrottleLimit 4 6> $null | ForEach-Object { $_.Outcome } }
            foreach ($look in 1..100) { if ("$(left)" -eq '') { break }; [System.Threading.Thread]::Sleep(50) }
            "left: $(left)"
            """);

        Assert.Equal([.. Enumerable.Repeat("Passed", 40), "left: "], shell.Output);
    }

    private static int CountHandles() => Directory.GetFiles("/proc/self/fd").Length;

    private static List<string> Run(HostedPowerShell shell, string cases, string options, string each) =>
        [.. shell.Invoke($"@({cases}) | Start-TestBatch workers {options} 6> $null | ForEach-Object {{ {each} }}")
            .Select(r => (string)r.BaseObject).Order(StringComparer.Ordinal)];

    // By the marker that every process of a batch inherits; the folder's name is in none of ours.
    private void AssertNothingLeft()
    {
        Assert.Empty(Directory.EnumerateDirectories(_folder, "script-worker-*", SearchOption.AllDirectories));
        if (!OperatingSystem.IsLinux())
        {
            return;
        }

        List<string> left = [];
        SpinWait.SpinUntil(() => (left = [.. Processes()]).Count == 0, TimeSpan.FromSeconds(10));
        Assert.Empty(left);
    }

    private IEnumerable<string> Processes()
    {
        foreach (var process in Directory.EnumerateDirectories("/proc").Where(p => char.IsAsciiDigit(Path.GetFileName(p)[0])))
        {
            var (line, work) = ("", "");
            try
            {
                line = File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
                work = File.ResolveLinkTarget(Path.Combine(process, "cwd"), returnFinalTarget: false)?.FullName ?? "";
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                continue; // It ended, or is not ours.
            }

            if (work.StartsWith(_folder, StringComparison.Ordinal) && line.Length > 0)
            {
                yield return $"{Path.GetFileName(process)} {line}";
            }
        }
    }
}
