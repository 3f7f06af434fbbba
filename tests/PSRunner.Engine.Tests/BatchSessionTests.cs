using System.Text.RegularExpressions;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage;

namespace PSRunner.Engine.Tests;

/// <summary>Whole batches on a real disk: from cases to results and back.</summary>
public sealed class BatchSessionTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-session-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_batch_runs_to_its_end_and_every_result_is_found_again()
    {
        var results = RunToEnd(Start(500, new NoopExecutor()), out var batch);

        Assert.Equal(BatchStates.Completed, batch.State);
        Assert.True(batch.Success);
        Assert.Equal((500, 500, 500), (batch.Planned, batch.Done, batch.Passed));
        Assert.Equal(500, results.Select(r => r.Index).Distinct().Count());
        using var stored = StoredBatch.Open(batch.RunFolder);
        Assert.Equal(results.Select(Describe).Order(StringComparer.Ordinal), stored.ReadResults().Select(Describe).Order(StringComparer.Ordinal));
        Assert.Empty(stored.Findings);
        Assert.Empty(Directory.GetFiles(Path.Combine(batch.RunFolder, "journal")));
        Assert.NotEmpty(Directory.GetFiles(Path.Combine(batch.RunFolder, "results"), "*.parquet"));
    }

    [Fact]
    public void A_stopped_batch_goes_on_where_it_was()
    {
        var session = Start(200, new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(5, cancellation);
            return new AttemptReport { Score = 1 };
        }));
        var first = new List<TestResult>();
        while (first.Count < 50)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(10)))
            {
                first.Add(result);
            }
        }

        session.Stop("enough");
        first.AddRange(RunToEnd(session, out var stopped));
        Assert.Equal(BatchStates.Stopped, stopped.State);
        Assert.Equal("enough", stopped.Message);
        Assert.Equal(first.Count, stopped.Done);
        Assert.Equal(200 - first.Count, BatchCatalog.Read(stopped.RunFolder).Pending);

        var second = RunToEnd(BatchSession.Resume(stopped.RunFolder, new ResumeOptions(), [new NoopExecutor()]), out var completed);

        Assert.Equal(BatchStates.Completed, completed.State);
        Assert.Equal(Enumerable.Range(0, 200), first.Concat(second).Select(r => r.Index).Order());
        Assert.All(second, r => Assert.Equal(2, r.Session));
    }

    [Fact]
    public void A_folder_that_is_worked_on_has_one_owner()
    {
        var session = Start(1, new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        }));

        var error = Assert.Throws<TestBatchException>(() => BatchSession.Resume(session.Batch.RunFolder, new ResumeOptions(), [new NoopExecutor()]));
        Assert.Equal("BatchIsRunning", error.ErrorId);
        Assert.Contains($"{Environment.ProcessId}", error.Message, StringComparison.Ordinal);

        session.Stop("done");
        RunToEnd(session, out _);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_owner_whose_folder_was_replaced_by_a_copy_writes_no_more_and_the_copy_goes_on(bool withArtifacts)
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let go of an open file.");
        using var goOn = new ManualResetEventSlim();
        var started = 0;
        var session = Start(40, new NoopExecutor(async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref started) > 10)
            {
                await Task.Run(() => goOn.Wait(TimeSpan.FromMinutes(1), CancellationToken.None), cancellation);
            }

            return new AttemptReport { Score = 1, Artifacts = withArtifacts ? [new Artifact("a.txt", "a"u8.ToArray())] : [] };
        }), o => o with { ThrottleLimit = 4, ShutdownSeconds = 2 });
        var seen = new List<TestResult>();
        while (seen.Count < 10)
        {
            Assert.True(session.Results.TryTake(out var result, TimeSpan.FromSeconds(30)));
            seen.Add(result);
        }

        var copy = session.Batch.RunFolder;
        var moved = copy + "-moved";
        Directory.Move(copy, moved);
        Copy(moved, copy);
        var before = Content();
        goOn.Set();
        seen.AddRange(RunToEnd(session, out var ended));

        Assert.Equal(BatchStates.Stopped, ended.State);
        Assert.Contains("was deleted, moved or replaced while the batch ran", ended.Message, StringComparison.Ordinal);
        Assert.Equal(before, Content());
        using (var stored = StoredBatch.Open(moved))
        {
            Assert.Empty(seen.Select(r => r.Index).Except(stored.ReadResults().Select(r => r.Index)));
        }

        RunToEnd(BatchSession.Resume(copy, new ResumeOptions(), [new NoopExecutor()]), out var completed);
        Assert.Equal((BatchStates.Completed, 40), (completed.State, completed.Done));
        Assert.True(BatchAudit.Run(copy).Healthy);

        // Without what readers judge by anew: status and owner.
        string[] Content() => [.. Directory.GetFiles(copy, "*", SearchOption.AllDirectories)
            .Where(f => Path.GetDirectoryName(f) != copy)
            .Order(StringComparer.Ordinal)
            .Select(f => $"{f} {Convert.ToHexString(System.Security.Cryptography.SHA256.HashData(File.ReadAllBytes(f)))}")];
    }

    [Fact]
    public void Cases_are_run_again_on_request_and_replace_their_results()
    {
        var fails = true;
        var executor = new NoopExecutor((context, _) => Task.FromResult(
            fails && context.Case.Name == "case 3" ? new AttemptReport { Cause = Causes.Throttled, Message = "429" } : new AttemptReport { Score = 1 }));
        var results = RunToEnd(Start(10, executor, o => o with { RetryCount = 0 }), out var batch);
        Assert.Equal("throttled", Assert.Single(results, r => r.Outcome == Outcomes.Errored).Cause);
        Assert.False(batch.Success);

        fails = false;
        var again = RunToEnd(BatchSession.Resume(batch.RunFolder, new ResumeOptions { RetryOutcome = ["thr*"] }, [executor]), out var mended);

        Assert.Equal("case 3", Assert.Single(again).Name);
        Assert.Equal(2, again[0].Attempt);
        Assert.True(mended.Success);
        using var stored = StoredBatch.Open(batch.RunFolder);
        Assert.Equal(10, stored.ReadResults().Count(r => r.Outcome == Outcomes.Passed));
    }

    [Fact]
    public void Results_that_were_replaced_are_still_read_with_all_attempts()
    {
        RunToEnd(Start(6, new NoopExecutor((context, _) => Task.FromResult(new AttemptReport { Cause = context.Case.Name == "case 2" ? Causes.Assertion : "", Score = 0 }))), out var batch);
        var session = BatchSession.Resume(batch.RunFolder, new ResumeOptions { RetryOutcome = [Outcomes.Failed] }, [new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Score = 1 }))]);
        RunToEnd(session, out _);

        using var stored = StoredBatch.Open(batch.RunFolder);
        Assert.Equal(6, stored.ReadResults().Count());
        Assert.Equal([(2, 1, Outcomes.Failed), (2, 2, Outcomes.Passed)], stored.ReadAllAttempts().Where(r => r.Index == 2).Select(r => (r.Index, r.Attempt, r.Outcome)).Order());
        Assert.Equal(7, stored.ReadAllAttempts().Count());
    }

    [Fact]
    public void A_transcript_is_kept_beside_its_result()
    {
        var executor = new NoopExecutor((_, _) => Task.FromResult(new AttemptReport { Score = 1, Artifacts = [new Artifact("transcript.jsonl", "{}\n"u8.ToArray())] }));
        var result = RunToEnd(Start(1, executor), out var batch)[0];

        Assert.Equal("{}\n", File.ReadAllText(Path.Combine(batch.RunFolder, result.ArtifactPath, "transcript.jsonl")));
    }

    [Fact]
    public void A_batch_is_found_by_its_label_its_id_and_its_four_digits()
    {
        RunToEnd(Start(1, new NoopExecutor(), o => o with { Name = "needle" }), out var batch);

        Assert.Equal([batch.RunFolder], BatchCatalog.Find("needle", _folder));
        Assert.Equal([batch.RunFolder], BatchCatalog.Find(batch.Id, _folder));
        Assert.Contains(batch.RunFolder, BatchCatalog.Find(batch.Id[^4..], _folder));
        Assert.Equal([batch.RunFolder], BatchCatalog.Find("need*", _folder));
        Assert.Empty(BatchCatalog.Find("haystack", _folder));
    }

    [Fact]
    public void Of_the_runs_of_one_second_the_last_is_the_newest()
    {
        // The random digits decided before: one of eight such rows comes right by chance every 40,320 times.
        var second = new FakeTimeProvider(new DateTimeOffset(2026, 11, 23, 20, 5, 43, TimeSpan.Zero));
        var written = new DateTime(2026, 11, 23, 20, 5, 43, DateTimeKind.Utc);
        var runs = new List<string>();
        for (var i = 0; i < 8; i++)
        {
            using var builder = new BatchBuilder(new BatchOptions { OutputPath = _folder, Name = "twin" }, [new NoopExecutor()], time: second);
            builder.Add(new TestCase("noop", "one"));
            builder.Prepare();
            File.SetLastWriteTimeUtc(Path.Combine(builder.RunFolder, "batch.json"), written.AddMilliseconds(i * 20));
            runs.Insert(0, builder.RunFolder);
        }

        Assert.Equal(runs, BatchCatalog.Find("twin", _folder));
        Assert.Equal(runs, BatchCatalog.Expand(_folder));
    }

    [Fact]
    public void Bad_input_is_refused_before_anything_starts_and_leaves_nothing()
    {
        var file = Path.Combine(_folder, "a-file");
        File.WriteAllText(file, "");
        Assert.Equal("OutputPathNotWritable", Refused(() => new BatchBuilder(new BatchOptions { OutputPath = file }, [])));
        Assert.Equal("BadBatchName", Refused(() => new BatchBuilder(new BatchOptions { OutputPath = _folder, Name = "a/b" }, [])));
        Assert.Equal("LimitsDoNotFit", Refused(() => new BatchBuilder(new BatchOptions { OutputPath = _folder, TestTimeoutSeconds = 30, StallTimeoutSeconds = 60 }, [])));
        using (var empty = new BatchBuilder(new BatchOptions { OutputPath = _folder }, []))
        {
            Assert.Equal("NoTestCases", Assert.Throws<TestBatchException>(() => empty.Start()).ErrorId);
        }

        Assert.Empty(Directory.GetDirectories(_folder));
        Assert.Equal("NoBatchThere", Refused(() => BatchSession.Resume(_folder, new ResumeOptions(), [])));
    }

    [Fact]
    public void The_names_of_all_new_folders_are_on_the_device_before_there_is_a_batch()
    {
        var disk = new FaultyFiles();
        var output = Path.Combine(_folder, "new", "newer");
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = output }, [new NoopExecutor()], disk);
        builder.Add(new TestCase("noop", "one"));
        builder.Prepare();

        var before = disk.Log.Select(done => done.Words).TakeWhile(words => words != "rename batch.json").ToList();
        Assert.Superset(
            new HashSet<string>([Path.GetFileName(_folder), "new", "newer", builder.BatchId, "plan.jsonl"]),
            before.Where(words => words.StartsWith("flush", StringComparison.Ordinal)).Select(words => words.Split(' ')[^1]).ToHashSet());
    }

    [Fact]
    public void A_stop_that_was_meant_for_an_earlier_session_does_not_end_the_next()
    {
        var stopped = StopAtOnce(Start(20, Waiting()));
        ControlFolder.Send(Path.Combine(stopped.RunFolder, "control"), new ControlCommand { Id = "late", Command = "stop" }, TimeProvider.System.GetUtcNow());
        RunToEnd(BatchSession.Resume(stopped.RunFolder, new ResumeOptions(), [new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(400, cancellation); // Longer than the attendant's first look.
            return new AttemptReport { Score = 1 };
        })]), out var batch);

        Assert.Equal(BatchStates.Completed, batch.State);
    }

    [Fact]
    public void A_stop_by_force_gives_no_grace()
    {
        using var release = new ManualResetEventSlim();
        using var running = new CountdownEvent(2);
        var executor = new NoopExecutor((_, _) =>
        {
            running.Signal();
            release.Wait(TimeSpan.FromMinutes(2), CancellationToken.None);
            return Task.FromResult(new AttemptReport());
        });
        var session = Start(2, executor, o => o with { GracePeriodSeconds = 100 });
        Assert.True(running.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        session.Stop("with grace");
        Assert.False(session.WaitForEnd(TimeSpan.FromMilliseconds(300)));

        BatchControl.Stop(session.Batch.RunFolder, force: true, CancellationToken.None.WaitHandle);
        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(50)));
        Assert.Equal((BatchStates.Stopped, 0), (session.Batch.State, session.Batch.Done));
        release.Set();
    }

    [Fact]
    public void Planned_is_done_and_running_and_pending_whenever_one_looks()
    {
        var session = Start(2_000, new NoopExecutor(async (_, _) =>
        {
            await Task.Yield();
            return new AttemptReport { Score = 1 };
        }));
        while (!session.Results.IsCompleted)
        {
            session.Results.TryTake(out _, TimeSpan.FromMilliseconds(1));
            var now = session.GetProgress();
            Assert.Equal(now.Planned, now.Done + now.Running + now.Pending);
            Assert.True(now is { Running: >= 0, Pending: >= 0, ThrottleLimit: 16 }, $"{now.Running} running, {now.Pending} pending, throttle {now.ThrottleLimit}");
        }
    }

    [Fact]
    public void The_parts_of_a_stopped_batch_hold_all_its_results()
    {
        var session = Start(100, new NoopExecutor((context, cancellation) =>
            context.Case.Name is "case 40" or "case 50" ? Wait(cancellation) : Task.FromResult(new AttemptReport { Score = 1 })));
        for (var taken = 0; taken < 98; taken += session.Results.TryTake(out _, TimeSpan.FromSeconds(10)) ? 1 : 0)
        {
        }

        session.Stop("enough");
        RunToEnd(session, out var batch);
        Assert.Equal((100, 98), (batch.Planned, batch.Done));
        Directory.Delete(Path.Combine(batch.RunFolder, "journal"), recursive: true);
        using var stored = StoredBatch.Open(batch.RunFolder);
        Assert.Equal(98, stored.ReadResults().Count());
    }

    [Fact]
    public void A_session_that_is_over_owns_nothing_even_if_its_last_status_was_lost()
    {
        var batch = StopAtOnce(Start(1, Waiting()));
        var status = new StatusDocument { Progress = new TestProgress { State = BatchStates.Running } };
        File.WriteAllBytes(Path.Combine(batch.RunFolder, "status.json"), status.ToBytes());

        Assert.Equal(BatchStates.Lost, BatchCatalog.Read(batch.RunFolder).State);
        Assert.False(BatchControl.Stop(batch.RunFolder, force: false, CancellationToken.None.WaitHandle));
    }

    [Theory]
    [InlineData("a/b.txt")]
    [InlineData("..")]
    [InlineData("")]
    [InlineData("nul\0")]
    public void An_artifact_that_no_disk_can_hold_costs_its_test_and_not_the_batch(string name)
    {
        var executor = new NoopExecutor((context, _) => Task.FromResult(new AttemptReport
        {
            Score = 1, Artifacts = context.Case.Name == "case 1" ? [new Artifact(name, "x"u8.ToArray())] : [],
        }));
        var session = Start(3, executor);
        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
        var results = RunToEnd(session, out var batch);

        Assert.Equal((BatchStates.Completed, 2, 1), (batch.State, batch.Passed, batch.Errored));
        Assert.Contains("no plain file name", results.Single(r => r.Outcome == Outcomes.Errored).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_report_with_null_in_it_costs_its_test_and_not_the_batch()
    {
        AttemptReport[] reports = [new() { Message = null! }, new() { Output = null! }, new() { Metrics = null! }, new() { Artifacts = null! }, new() { Cause = null! }, null!];
        var executor = new NoopExecutor((context, _) => Task.FromResult(reports[Convert.ToInt32(context.Case.Name[5..], System.Globalization.CultureInfo.InvariantCulture)]));
        var results = RunToEnd(Start(reports.Length, executor), out var batch);

        Assert.Equal((BatchStates.Completed, reports.Length), (batch.State, batch.Errored));
        Assert.All(results, r => Assert.Contains("The executor returned no report", r.Message, StringComparison.Ordinal));
    }

    [Fact]
    public void A_case_whose_shared_text_was_changed_is_not_blamed_on_the_test()
    {
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = _folder, RetryCount = 0 }, [Waiting()]);
        builder.Add(new TestCase("noop", "case") { Shared = new SharedDefinition(CaseId.Hash("tools"), "tools") });
        var batch = StopAtOnce(builder.Start());
        File.WriteAllText(Directory.GetFiles(Path.Combine(batch.RunFolder, "resources")).Single(), "other tools");

        var result = Assert.Single(RunToEnd(BatchSession.Resume(batch.RunFolder, new ResumeOptions(), [new NoopExecutor()]), out _));
        Assert.Equal((Causes.NotStarted, FaultDomains.Harness), (result.Cause, result.FaultDomain));
        Assert.Contains("was changed after the batch began", result.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_plan_that_is_overwritten_while_the_batch_runs_is_not_blamed_on_the_tests()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows lets nobody write what the batch reads.");
        using var running = new ManualResetEventSlim();
        using var goOn = new ManualResetEventSlim();
        var executor = new NoopExecutor((_, _) =>
        {
            running.Set();
            goOn.Wait(TimeSpan.FromMinutes(1), CancellationToken.None);
            return Task.FromResult(new AttemptReport { Score = 1 });
        });
        var session = Start(2, executor, o => o with { ThrottleLimit = 1 });
        Assert.True(running.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
        using (var plan = File.OpenHandle(Path.Combine(session.Batch.RunFolder, "plan.jsonl"), FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            RandomAccess.Write(plan, System.Text.Encoding.UTF8.GetBytes(new string('x', (int)RandomAccess.GetLength(plan))), 0);
        }

        goOn.Set();
        var results = RunToEnd(session, out var batch);
        Assert.Equal((BatchStates.Completed, 1), (batch.State, batch.Passed));
        Assert.Equal(Causes.NotStarted, results.Single(r => r.Outcome == Outcomes.Errored).Cause);
    }

    [Fact]
    public void Durability_is_kept_by_a_resume_unless_it_asks_for_another_and_each_session_records_its_own()
    {
        var folder = StopAtOnce(Start(3, Waiting(), options => options with { Durability = Durability.ProcessCrash })).RunFolder;
        Assert.Equal(Durability.ProcessCrash, BatchManifest.Read(Path.Combine(folder, "batch.json")).Options.Durability);
        Assert.Equal("ProcessCrash", RecordedDurability());

        StopAtOnce(BatchSession.Resume(folder, new ResumeOptions { Durability = Durability.PowerLoss }, [Waiting()]));
        Assert.Equal("PowerLoss", RecordedDurability());
        StopAtOnce(BatchSession.Resume(folder, new ResumeOptions(), [Waiting()]));
        Assert.Equal("ProcessCrash", RecordedDurability());

        // What a stopped batch leaves is one journal file of its last session.
        string RecordedDurability() =>
            Regex.Match(File.ReadAllText(Directory.GetFiles(Path.Combine(folder, "journal")).Single()), "\"durability\":\"(\\w+)\"").Groups[1].Value;
    }

    private static NoopExecutor Waiting() => new((_, cancellation) => Wait(cancellation));

    private static async Task<AttemptReport> Wait(CancellationToken cancellation)
    {
        await Task.Delay(Timeout.Infinite, cancellation);
        return new AttemptReport();
    }

    private static TestBatch StopAtOnce(BatchSession session)
    {
        session.Stop("at once");
        RunToEnd(session, out var batch);
        return batch;
    }

    private BatchSession Start(int count, ITestExecutor executor, Func<BatchOptions, BatchOptions>? change = null)
    {
        var options = new BatchOptions { OutputPath = _folder, ThrottleLimit = 16 };
        using var builder = new BatchBuilder(change?.Invoke(options) ?? options, [executor]);
        for (var i = 0; i < count; i++)
        {
            builder.Add(new TestCase("noop", $"case {i}", [new("Number", i), new("Half", i / 2.0)]) { Lane = i % 3 == 0 ? "model:a" : "model:b" });
        }

        return builder.Start();
    }

    private static List<TestResult> RunToEnd(BatchSession session, out TestBatch batch)
    {
        var results = new List<TestResult>();
        while (!session.Results.IsCompleted)
        {
            if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(30)))
            {
                results.Add(result);
            }
        }

        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
        batch = session.Batch;
        return results;
    }

    private static void Copy(string from, string to)
    {
        foreach (var folder in Directory.GetDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.GetFiles(from, "*", SearchOption.AllDirectories))
        {
            var copy = Path.Combine(to, Path.GetRelativePath(from, file));
            if (Path.GetFileName(file) == "owner.lock")
            {
                File.Create(copy).Dispose(); // .NET does not copy what is locked; it is empty.
            }
            else
            {
                File.Copy(file, copy);
            }
        }
    }

    private static string Refused(Func<IDisposable> action) => Assert.Throws<TestBatchException>(() => action().Dispose()).ErrorId;

    private static string Describe(TestResult r) =>
        $"{r.Index} {r.Id} {r.Outcome} {r.Score} {r.Attempt} {r.StartedAt:O} {r.DurationSeconds} {r.Name} {string.Join(',', r.GetParameters())}";
}
