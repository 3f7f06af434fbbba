using PSRunner.Engine.Commands;
using PSRunner.Engine.Tests.Processes;

namespace PSRunner.Engine.Tests.Commands;

/// <summary>Real programs through real batches.</summary>
[Collection(ProcessCollection.Name)]
public sealed class CommandExecutorTests : IDisposable
{
    private readonly CommandBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    [Theory]
    [InlineData("exit 0", "Passed", "", "", 0)]
    [InlineData("echo first >&2; echo 'cannot judge' >&2; exit 1", "Failed", "exit-code", "exit 1: cannot judge", 1)]
    [InlineData("exit 126", "Errored", "not-started", "exit 126", 126)]
    [InlineData("no-such-program-here; exit 127", "Errored", "not-started", null, 127)]
    [InlineData("kill -SEGV $$", "Crashed", "worker-crash", "ended by SIGSEGV", double.NaN)]
    [InlineData("kill -KILL $$", "Crashed", "worker-crash", "ended by SIGKILL", double.NaN)]
    public void The_way_a_command_ends_is_its_verdict(string script, string outcome, string cause, string? message, double exitCode)
    {
        var result = _batch.RunOne(_batch.Sh(script));

        Assert.Equal((outcome, cause), (result.Outcome, result.Cause));
        Assert.Equal(exitCode, Metric(result, CommandMetrics.ExitCode));
        Assert.Equal(message ?? result.Message, result.Message);
    }

    [Theory]
    [InlineData("""{"Score":0.9}""", "Passed", "", 0.9, "")]
    [InlineData("""{"score":0.4}""", "Failed", "wrong-answer", 0.4, "")]
    [InlineData("""{"Outcome":"Passed","Score":0.1}""", "Passed", "", 0.1, "")]
    [InlineData("""{"Outcome":"failed","Message":"too slow"}""", "Failed", "assertion", double.NaN, "too slow")]
    [InlineData("""{"Outcome":"Skipped"}""", "Skipped", "not-applicable", double.NaN, "")]
    [InlineData("""{"Outcome":"Errored"}""", "Errored", "exception", double.NaN, "")]
    [InlineData("""{"Outcome":"Wonderful"}""", "Passed", "", double.NaN, "the verdict was ignored in part: Outcome is Passed, Failed, Errored or Skipped")]
    [InlineData("""{"Score":7}""", "Passed", "", double.NaN, "the verdict was ignored in part: Score is a number from 0 to 1")]
    [InlineData("{not json}", "Passed", "", double.NaN, "")]
    [InlineData("""{"Outcome":"Failed","Message":"half \ud83d","\udd25":1}""", "Failed", "assertion", double.NaN, "\"half \\ud83d\"")]
    [InlineData("""{"Score":1e999}""", "Passed", "", double.NaN, "the verdict was ignored in part: Score is a number from 0 to 1")]
    [InlineData("""["Outcome","Failed"]""", "Passed", "", double.NaN, "")]
    public void A_JSON_object_as_the_last_line_may_say_more(string line, string outcome, string cause, double score, string message)
    {
        var result = _batch.RunOne(_batch.Sh("echo working; printf '%s\\n' \"$1\"", line));

        Assert.Equal((outcome, cause, message), (result.Outcome, result.Cause, result.Message));
        Assert.Equal(score, result.Score);
        Assert.StartsWith("working\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void What_a_command_writes_without_end_does_not_stay_on_the_disk()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only there a file can give its middle back.");
        var result = _batch.RunOne(_batch.Sh("head -c 200000000 /dev/zero; for i in $(seq 600); do [ $(stat -c %b ../stdout.txt) -lt 195000 ] && break; sleep 0.1; done; stat -c '%b * %B' ../stdout.txt >&2; echo the end"));

        var blocks = result.Output[(result.Output.IndexOf("[stderr]\n", StringComparison.Ordinal) + 9)..].Trim().Split(" * ").Select(long.Parse).ToList();
        Assert.InRange(blocks[0] * blocks[1], 1, 100_000_000);
        Assert.Equal((Outcomes.Passed, 200000008), (result.Outcome, Metric(result, CommandMetrics.OutputBytes)));
        Assert.Contains("the end\n", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_test_that_spoils_its_folder_spoils_no_other_s()
    {
        var results = _batch.Run(
            [_batch.Sh("cd .. && rm -r work && touch work"), .. Enumerable.Repeat(_batch.Sh("ls -A | wc -l"), 3), _batch.Sh("cd .. && rm -r work && ln -s / work"), _batch.Sh("ls -A | wc -l")],
            o => o with { ThrottleLimit = 1 });

        Assert.All(results, result => Assert.Equal((Outcomes.Passed, ""), (result.Outcome, result.Message)));
        Assert.All(results.Where(result => result.Name.Contains("wc", StringComparison.Ordinal)), result => Assert.Equal("0", result.Output.Trim()));
        Assert.Empty(Directory.EnumerateDirectories(_batch.Folder, "command-*", SearchOption.AllDirectories));
    }

    [Fact]
    public void What_a_command_says_of_a_secret_that_it_was_given_by_name_is_kept_nowhere()
    {
        const string secret = "hush/0123456789+abc";
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_SECRET", secret);
        try
        {
            var options = _batch.Sh("echo $TOKEN; seq 20000; echo $TOKEN; echo told $TOKEN >&2; echo $TOKEN > left.txt; rm left.txt; exit 3") with { Environment = [new("TOKEN", "$env:PSRUNNER_TEST_SECRET")] };
            var result = _batch.RunOne(options);

            Assert.Equal(("exit-code", "exit 3: told ***"), (result.Cause, result.Message));
            Assert.Contains("***\n[stderr]\ntold ***", result.Output, StringComparison.Ordinal);
            Assert.NotEqual("", result.ArtifactPath);
            Assert.All(
                Directory.EnumerateFiles(result.RunFolder, "*", SearchOption.AllDirectories),
                file => Assert.DoesNotContain(secret, File.ReadAllText(file), StringComparison.Ordinal));
        }
        finally
        {
            Environment.SetEnvironmentVariable("PSRUNNER_TEST_SECRET", null);
        }
    }

    [Fact]
    public void A_test_that_holds_more_memory_than_it_may_is_ended_and_is_no_timeout()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Memory is watched on Linux.");

        // tail keeps as much as it may have to print.
        var results = _batch.Run([_batch.Sh("cat /dev/zero | tail -c 400000000"), _batch.Sh("exit 0")], o => o with { MemoryLimitMB = 64, TestTimeoutSeconds = 60 });

        Assert.Equal([("Crashed", "memory-limit"), ("Passed", "")], results.Select(r => (r.Outcome, r.Cause)));
        Assert.Matches("^its processes held \\d+ MB, more than the 64 MB of -MemoryLimitMB, and were ended$", results[0].Message);
        Assert.InRange(Metric(results[0], CommandMetrics.PeakMemoryMB), 64, 1000);
    }

    [Fact]
    public void Metrics_of_the_command_stand_beside_those_that_were_measured()
    {
        var result = _batch.RunOne(_batch.Sh("""printf no >&2; echo '{"Metrics":{"Tokens":12,"Word":"x"}}'"""));

        Assert.Equal("""{"Tokens":12}""", result.OtherMetrics);
        Assert.Equal(2, Metric(result, CommandMetrics.ErrorBytes));
        Assert.Equal(37, Metric(result, CommandMetrics.OutputBytes));
        Assert.InRange(Metric(result, CommandMetrics.CpuSeconds), 0, 5);
        Assert.True(double.IsNaN(Metric(result, CommandMetrics.Signal)));
        Assert.EndsWith("[stderr]\nno", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_failing_command_keeps_its_score() =>
        Assert.Equal(("exit-code", 0.3), _batch.RunOne(_batch.Sh("""echo '{"Outcome":"Passed","Score":0.3}'; exit 2""")) is var r ? (r.Cause, r.Score) : default);

    [Fact]
    public void A_signal_has_its_number() => Assert.Equal(9, Metric(_batch.RunOne(_batch.Sh("kill -KILL $$")), CommandMetrics.Signal));

    [Fact]
    public void Input_variables_and_secrets_reach_the_program_and_no_file_holds_the_secret()
    {
        const string Secret = "hush-4711";
        Environment.SetEnvironmentVariable("PSRUNNER_TEST_SECRET", Secret);
        var result = _batch.RunOne(_batch.Sh("""read line; test "$KEY" = "hu"sh-4711 && echo "$line $PLAIN ${{HOME-none}}" """) with
        {
            StandardInput = "from {who}\n",
            Parameters = [new("who", "Ada")],
            Environment = [new("KEY", "$env:PSRUNNER_TEST_SECRET"), new("PLAIN", "text of {who}"), new("HOME", null)],
        });

        Assert.Equal("from Ada text of Ada none\n", result.Output);
        Assert.Equal(Outcomes.Passed, result.Outcome);
        foreach (var file in Directory.EnumerateFiles(_batch.Folder, "*", SearchOption.AllDirectories))
        {
            Assert.True(File.ReadAllBytes(file).AsSpan().IndexOf("hush-4711"u8) < 0, file);
        }
    }

    [Fact]
    public void Fifty_megabytes_without_a_line_end_are_bounded_and_their_end_is_kept()
    {
        var result = _batch.RunOne(_batch.Sh("head -c 50000000 /dev/zero | tr '\\0' 'x'; printf end"));

        Assert.Equal(Outcomes.Passed, result.Outcome);
        Assert.Equal(50_000_003, Metric(result, CommandMetrics.OutputBytes));
        Assert.InRange(result.Output.Length, 60_000, 64 * 1024);
        var kept = File.ReadAllText(Path.Combine(result.RunFolder, result.ArtifactPath, "stdout.txt"));
        Assert.StartsWith("[the first 45805699 of 50000003 bytes were not kept]\n", kept, StringComparison.Ordinal);
        Assert.EndsWith("xend", kept, StringComparison.Ordinal);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_kept_as_they_are()
    {
        var result = _batch.RunOne(_batch.Sh("printf 'a\\377\\000\\376b'"));

        Assert.Equal(Outcomes.Passed, result.Outcome);
        Assert.Equal([(byte)'a', 255, 0, 254, (byte)'b'], File.ReadAllBytes(Path.Combine(result.RunFolder, result.ArtifactPath, "stdout.txt")));
    }

    [Fact]
    public void Each_attempt_works_in_a_folder_of_its_own_that_goes_after_a_pass()
    {
        var results = _batch.Run(
            [_batch.Sh("ls -A; echo 1 > mine; pwd"), _batch.Sh("ls -A; echo 2 > mine; pwd; exit 1"), _batch.Sh("rm -rf \"$PWD\"; echo gone"), _batch.Sh("exit 3")]);

        Assert.Equal([Outcomes.Passed, Outcomes.Failed, Outcomes.Passed, Outcomes.Failed], results.Select(r => r.Outcome));
        Assert.Equal("gone\n", results[2].Output);
        Assert.All(results.Take(2), r => Assert.StartsWith(Path.Combine(r.RunFolder, "scratch"), r.Output, StringComparison.Ordinal));
        var kept = Assert.Single(Directory.GetDirectories(Path.Combine(results[0].RunFolder, "scratch")));
        Assert.Equal($"{results[1].Id}-1-1", Path.GetFileName(kept));
        Assert.Equal("2\n", File.ReadAllText(Path.Combine(kept, "mine")));
    }

    [Fact]
    public void What_a_killed_session_left_in_its_scratch_folders_goes_and_what_was_kept_stays()
    {
        var session = _batch.Start(CommandCases.Create(_batch.Sh("sleep 1000")));
        session.Stop("enough");
        CommandBatch.RunToEnd(session);
        var runFolder = session.Batch.RunFolder;
        var kept = Path.Combine(runFolder, "scratch", new string('a', 32) + "-1-1");
        Directory.CreateDirectory(kept);
        Directory.CreateDirectory(Path.Combine(runFolder, "scratch", "command-1", "work", "deep"));

        using (BatchSession.Resume(runFolder, new ResumeOptions(), [new CommandExecutor()]))
        {
            Assert.False(Directory.Exists(Path.Combine(runFolder, "scratch", "command-1", "work", "deep")));
        }

        Assert.Equal([kept], Directory.GetDirectories(Path.Combine(runFolder, "scratch")));
    }

    [Fact]
    public void A_given_working_directory_is_used_and_left_alone()
    {
        var result = _batch.RunOne(_batch.Sh("pwd; echo x > left") with { WorkingDirectory = _batch.Folder });

        Assert.Equal(_batch.Folder, result.Output.Trim());
        Assert.True(File.Exists(Path.Combine(_batch.Folder, "left")));
        Assert.False(Directory.Exists(Path.Combine(result.RunFolder, "scratch")));
    }

    [Fact]
    public void A_program_that_is_gone_when_it_is_to_start_was_not_started()
    {
        var program = Path.Combine(_batch.Folder, "here.sh");
        File.WriteAllText(program, "#!/bin/sh\nexit 0\n");
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(program, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        }

        var cases = CommandCases.Create(new CommandCaseOptions { Command = "./here.sh", CurrentFolder = _batch.Folder });
        File.Delete(program);

        var result = Assert.Single(CommandBatch.RunToEnd(_batch.Start(cases)));

        Assert.Equal((Outcomes.Errored, Causes.NotStarted), (result.Outcome, result.Cause));
        Assert.Contains("here.sh", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Hostile_commands_end_within_their_limits_and_their_neighbours_pass()
    {
        const double Limit = 2;
        const double Grace = 1;
        string[] endless =
        [
            "while :; do :; done",
            "sleep 1000",
            "trap '' TERM; while :; do sleep 1; done",
            "sh -c 'trap \"\" TERM HUP; sleep 1000 & sleep 1000'",
            "setsid sh -c 'trap \"\" TERM; sleep 1000' & sleep 1000",
            "kill -STOP $$",
            "rm -rf \"$PWD\"; exec sleep 1000",
        ];
        string[] quick =
        [
            "sleep 1000 & echo child holds stdout",
            "(setsid sh -c 'trap \"\" TERM; sleep 1000' >/dev/null 2>&1 &); echo daemon left",
            "exec >&- 2>&-; exit 0",
        ];
        var cases = endless.SelectMany(script => Enumerable.Range(0, 2).Select(i => _batch.Sh(script, $"{i}") with { TestTimeoutSeconds = Limit }))
            .Concat(quick.Select(script => _batch.Sh(script)))
            .Concat(Enumerable.Range(0, 40).Select(i => _batch.Sh("echo fine $1", $"{i}")));

        var results = _batch.Run(cases, o => o with { GracePeriodSeconds = Grace, ThrottleLimit = 6 });

        var hostile = results.Take(2 * endless.Length).ToList();
        Assert.All(hostile, r => Assert.Equal((Outcomes.TimedOut, Causes.TestTimeout), (r.Outcome, r.Cause)));
        Assert.All(hostile, r => Assert.InRange(r.DurationSeconds, Limit, Limit + Grace + 1));
        Assert.All(hostile, r => Assert.DoesNotContain("abandoned", r.Message, StringComparison.Ordinal));
        Assert.All(results.Skip(hostile.Count), r => Assert.Equal(Outcomes.Passed, r.Outcome));
        Assert.Equal(hostile.Count + quick.Length + 40, results.Count);
        Assert.Equal(0, TreeFixture.CountAlive(results[0].Batch));
    }

    [Fact]
    public void Output_is_progress_and_silence_is_a_stall()
    {
        var results = _batch.Run(
            [_batch.Sh("for i in 1 2 3 4 5 6 7 8; do echo $i; sleep 0.5; done"), _batch.Sh("echo once; sleep 1000")],
            o => o with { StallTimeoutSeconds = 2.5, TestTimeoutSeconds = 60, GracePeriodSeconds = 1 });

        Assert.Equal(["", Causes.Stall], results.Select(r => r.Cause));
        Assert.StartsWith("no progress within 2.5 s; last activity: wrote 5 bytes", results[1].Message, StringComparison.Ordinal);
        Assert.Equal("once\n", results[1].Output);
    }

    [Fact]
    public void A_stopped_batch_ends_its_commands_and_runs_them_again_on_resume()
    {
        var flag = Path.Combine(_batch.Folder, "go");
        var session = _batch.Start(CommandCases.Create(_batch.Sh("test -e \"$1\" || sleep 1000", flag)), o => o with { GracePeriodSeconds = 1 });
        while (session.GetProgress().Running == 0)
        {
            Assert.False(session.WaitForEnd(TimeSpan.FromMilliseconds(20)));
        }

        session.Stop("enough");
        Assert.Empty(CommandBatch.RunToEnd(session));
        Assert.Equal(0, TreeFixture.CountAlive(session.Batch.Id));
        File.WriteAllText(flag, "");

        var result = Assert.Single(CommandBatch.RunToEnd(BatchSession.Resume(session.Batch.RunFolder, new ResumeOptions(), [new CommandExecutor()])));

        Assert.Equal((Outcomes.Passed, 2), (result.Outcome, result.Session));
    }

    [Fact]
    public void What_a_killed_session_left_running_is_ended_before_the_next_one_starts_anything()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux shows the environment of other processes.");
        var flag = Path.Combine(_batch.Folder, "go");
        var session = _batch.Start(CommandCases.Create(_batch.Sh("test -e \"$1\" || sleep 1000", flag)), o => o with { GracePeriodSeconds = 0.5 });
        session.Stop("enough");
        CommandBatch.RunToEnd(session);
        File.WriteAllText(flag, "");
        using var leftover = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("sleep", "1000") { Environment = { ["PSRUNNER_CASE"] = $"{session.Batch.Id}/case/1" } })!;

        var next = BatchSession.Resume(session.Batch.RunFolder, new ResumeOptions(), [new CommandExecutor()]);
        Assert.Equal(Outcomes.Passed, Assert.Single(CommandBatch.RunToEnd(next)).Outcome);

        Assert.True(leftover.WaitForExit(TimeSpan.FromSeconds(20)));
        Assert.Contains(next.TakeNotes(), note => note.StartsWith("1 processes that an earlier session", StringComparison.Ordinal));
    }

    private static double Metric(TestResult result, string name) => result.GetMetrics().Single(m => m.Key == name).Value;
}
