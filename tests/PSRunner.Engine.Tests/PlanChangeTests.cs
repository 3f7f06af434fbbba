using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage;

namespace PSRunner.Engine.Tests;

/// <summary>Resume with a changed plan: what is new is added, what is missing is skipped, what was recorded stays.</summary>
public sealed class PlanChangeTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-change-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void A_changed_plan_that_finds_no_room_says_so_and_leaves_the_batch_as_it_is()
    {
        var before = Run(Start(Cases(0, 5), stopAfter: 2));
        foreach (var operation in (string[])["create", "write"])
        {
            var disk = new FaultyFiles
            {
                Before = (words, _) =>
                {
                    if (words == operation + " plan.jsonl")
                    {
                        throw new StoreException("do", words, "made to fail", "ENOSPC");
                    }
                },
            };
            var error = Assert.Throws<TestBatchException>(() =>
            {
                using var change = new PlanChange([new NoopExecutor()], disk);
                Array.ForEach([.. Cases(0, 10)], change.Add);
                change.Freeze();
            });
            Assert.Equal("PlanNotKept", error.ErrorId);
            Assert.Contains("ENOSPC", error.Message, StringComparison.Ordinal);
        }

        var audit = BatchAudit.Run(before.Batch.RunFolder);
        Assert.Empty(audit.Findings);
        Assert.Equal((5, before.Results.Count), (audit.Planned, audit.Recorded));
    }

    [Fact]
    public void New_cases_run_missing_ones_are_skipped_and_every_result_stays()
    {
        var before = Run(Start(Cases(0, 20), stopAfter: 8));
        var runFolder = before.Batch.RunFolder;
        var seen = before.Results.ToDictionary(r => r.Index, Describe);

        // 5 .. 24 instead of 0 .. 19.
        using var change = Change(Cases(5, 20));
        var expected = change.Compare(runFolder);
        var after = Run(Resume(runFolder, change, out var difference));

        Assert.Equal((5, 15, 5), (difference.Added, difference.Kept, difference.Removed));
        Assert.Equal((expected.Added, expected.Kept, expected.Removed, expected.Dropped), (difference.Added, difference.Kept, difference.Removed, difference.Dropped));
        Assert.Equal(seen.Keys.Count(index => index < 5), 5 - difference.Dropped);
        Assert.Equal((BatchStates.Completed, 25, 25), (after.Batch.State, after.Batch.Planned, after.Batch.Done));
        Assert.Equal(Enumerable.Range(5, 20).Except(seen.Keys), after.Results.Select(r => r.Index).Order());

        var stored = Stored(runFolder);
        Assert.Equal(25, stored.Count);
        Assert.All(seen, pair => Assert.Equal(pair.Value, Describe(stored[pair.Key])));
        Assert.All(stored.Values, r => Assert.Equal(
            r.Index < 5 && !seen.ContainsKey(r.Index) ? (Outcomes.Skipped, Causes.Excluded) : (Outcomes.Passed, Causes.None), (r.Outcome, r.Cause)));
        Assert.Equal("case 24", stored[24].Name);
        AssertWhole(runFolder, 25);
    }

    [Fact]
    public void A_case_that_was_left_out_and_comes_back_runs_and_no_case_runs_twice()
    {
        var runFolder = Run(Start(Cases(0, 6), stopAfter: 2)).Batch.RunFolder;
        using (var less = Change(Cases(0, 3)))
        {
            Run(Resume(runFolder, less, out _));
        }

        using var whole = Change(Cases(0, 6));
        var again = Run(Resume(runFolder, whole, out var difference));

        Assert.Equal((0, 6, 0), (difference.Added, difference.Kept, difference.Removed));
        Assert.All(again.Results, r => Assert.True(r.Index >= 3));
        Assert.All(Stored(runFolder).Values, r => Assert.Equal(Outcomes.Passed, r.Outcome));
        AssertWhole(runFolder, 6);

        // The same once more changes nothing.
        Assert.Empty(Run(Resume(runFolder, whole, out _)).Results);
        AssertWhole(runFolder, 6);
    }

    [Fact]
    public void Of_the_cases_that_are_to_run_again_only_those_do_that_the_changed_plan_has()
    {
        var runFolder = Run(Start(Cases(0, 6))).Batch.RunFolder;
        using var change = Change(Cases(2, 5));
        Assert.Equal((1, 4, 2, 0), change.Apply(runFolder, [Outcomes.Passed]) is var d ? (d.Added, d.Kept, d.Removed, d.Dropped) : default);

        var after = Run(BatchSession.Resume(runFolder, new ResumeOptions(), [new NoopExecutor()]));

        Assert.Equal([2, 3, 4, 5, 6], after.Results.Select(r => r.Index).Order());
        Assert.Equal([1, 1, 3, 3, 3, 3, 3], Stored(runFolder).OrderBy(pair => pair.Key).Select(pair => pair.Value.Session));
        AssertWhole(runFolder, 7);

        // What an earlier change left out without a result does not come in by an outcome.
        var stopped = Run(Start(Cases(10, 6), stopAfter: 2)).Batch.RunFolder;
        using var less = Change(Cases(10, 3));
        Run(Resume(stopped, less, out _));
        less.Apply(stopped, [Outcomes.Skipped, Outcomes.Passed]);
        Assert.All(Run(BatchSession.Resume(stopped, new ResumeOptions(), [new NoopExecutor()])).Results, r => Assert.InRange(r.Index, 0, 2));
        Assert.All(Stored(stopped).Values.Where(r => r.Index > 2), r => Assert.Contains(r.Outcome, (string[])[Outcomes.Skipped, Outcomes.Passed]));
        AssertWhole(stopped, 6);
    }

    [Fact]
    public void Equal_cases_are_told_apart_by_their_repeat()
    {
        var runFolder = Run(Start([Case(1), Case(1)])).Batch.RunFolder;
        using var change = Change([Case(1), Case(1), Case(1)]);

        Assert.Equal([2], Run(Resume(runFolder, change, out var difference)).Results.Select(r => r.Index));
        Assert.Equal((1, 2, 0), (difference.Added, difference.Kept, difference.Removed));
    }

    [Fact]
    public void Cases_with_other_columns_are_refused_before_anything_is_changed()
    {
        var runFolder = Run(Start(Cases(0, 2))).Batch.RunFolder;
        var before = Directory.GetFiles(runFolder, "*", SearchOption.AllDirectories).Order().Select(f => (f, File.ReadAllText(f))).ToList();
        using var column = Change([new TestCase("noop", "more", [new("Number", 7L), new("Temperature", 0.5)])]);
        using var type = Change([new TestCase("noop", "text", [new("Number", "seven")])]);

        var error = Assert.Throws<TestBatchException>(() => Resume(runFolder, column, out _));
        Assert.Equal("PlanColumnsDiffer", error.ErrorId);
        Assert.Contains("'Temperature'", error.Message, StringComparison.Ordinal);
        Assert.Equal("PlanColumnsDiffer", Assert.Throws<TestBatchException>(() => type.Compare(runFolder)).ErrorId);
        Assert.Equal(before, Directory.GetFiles(runFolder, "*", SearchOption.AllDirectories).Order().Select(f => (f, File.ReadAllText(f))));
    }

    [Fact]
    public void Cut_off_before_any_operation_on_the_disk_the_batch_is_whole_and_the_change_can_be_made_again()
    {
        for (var operations = 0; ; operations++)
        {
            var runFolder = Run(Start(Cases(0, 6), stopAfter: 2)).Batch.RunFolder;
            using var change = Change(Cases(1, 6));
            var wasCut = ApplyUpTo(operations, runFolder, change);

            var audit = BatchAudit.Run(runFolder);
            Assert.True(audit.Healthy, string.Join('\n', audit.Findings));
            Assert.Equal(audit.Planned, audit.Recorded + audit.Pending);
            Assert.InRange(audit.Planned, 6, 7);

            Run(Resume(runFolder, change, out _));
            AssertWhole(runFolder, 7);
            if (!wasCut)
            {
                Assert.True(operations > 10, "The disk was hardly used.");
                return;
            }
        }
    }

    private static bool ApplyUpTo(int operations, string runFolder, PlanChange change)
    {
        var folder = new RunFolder(runFolder);
        using var owner = OwnerLock.Take(DiskFiles.Instance, folder, session: 0);
        try
        {
            change.Apply(folder, new CutOffFiles(operations), owner, new OutcomeFilter([], ""), TimeProvider.System);
            return false;
        }
        catch (IOException e) when (e.Message == CutOffFiles.Message)
        {
            return true;
        }
    }

    private static void AssertWhole(string runFolder, int planned)
    {
        var audit = BatchAudit.Run(runFolder);
        Assert.Empty(audit.Findings);
        Assert.Equal((planned, planned, 0), (audit.Planned, audit.Recorded, audit.Pending));
    }

    private static Dictionary<int, TestResult> Stored(string runFolder)
    {
        using var stored = StoredBatch.Open(runFolder);
        return stored.ReadResults().ToDictionary(r => r.Index);
    }

    private static PlanChange Change(IEnumerable<TestCase> cases)
    {
        var change = new PlanChange([new NoopExecutor()]);
        foreach (var testCase in cases)
        {
            change.Add(testCase);
        }

        change.Freeze();
        return change;
    }

    private static BatchSession Resume(string runFolder, PlanChange change, out PlanDifference difference)
    {
        difference = change.Apply(runFolder);
        return BatchSession.Resume(runFolder, new ResumeOptions(), [new NoopExecutor()]);
    }

    private BatchSession Start(IEnumerable<TestCase> cases, int stopAfter = int.MaxValue)
    {
        var started = 0;
        var executor = new NoopExecutor(async (_, cancellation) =>
        {
            await Task.Delay(Interlocked.Increment(ref started) > stopAfter ? Timeout.Infinite : 0, cancellation);
            return new AttemptReport { Score = 1 };
        });
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = _folder, ThrottleLimit = 2, ResultsPerFile = 5 }, [executor]);
        foreach (var testCase in cases)
        {
            builder.Add(testCase);
        }

        var session = builder.Start();
        if (stopAfter < int.MaxValue)
        {
            SpinWait.SpinUntil(() => session.Batch.Done >= stopAfter, TimeSpan.FromSeconds(30));
            session.Stop("enough");
        }

        return session;
    }

    private static (List<TestResult> Results, TestBatch Batch) Run(BatchSession session)
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
        return (results, session.Batch);
    }

    private static IEnumerable<TestCase> Cases(int first, int count) => Enumerable.Range(first, count).Select(Case);

    private static TestCase Case(int number) => new("noop", $"case {number}", [new("Number", (long)number)]);

    private static string Describe(TestResult r) => $"{r.Index} {r.Id} {r.Outcome} {r.Attempt} {r.Session} {r.StartedAt:O} {r.Name} {string.Join(',', r.GetParameters())}";

    /// <summary>The real disk until some number of operations that change it; from then on it refuses, as if the process had been killed.</summary>
    private sealed class CutOffFiles(int operations) : IStoreFiles
    {
        public const string Message = "cut off";
        private int _left = operations;

        public void CreateFolder(string path) => Changing(() => DiskFiles.Instance.CreateFolder(path));

        public IAppendFile Create(string path)
        {
            Changing(() => { });
            return new CutOffFile(this, DiskFiles.Instance.Create(path));
        }

        public Stream OpenRead(string path) => DiskFiles.Instance.OpenRead(path);

        public IReadFile Open(string path) => DiskFiles.Instance.Open(path);

        public void FlushFile(string path) => DiskFiles.Instance.FlushFile(path);

        public void FlushFolder(string path) => DiskFiles.Instance.FlushFolder(path);

        public void Rename(string path, string newPath) => Changing(() => DiskFiles.Instance.Rename(path, newPath));

        public void Delete(string path) => Changing(() => DiskFiles.Instance.Delete(path));

        public IReadOnlyList<string> List(string folder) => DiskFiles.Instance.List(folder);

        private void Changing(Action change)
        {
            if (--_left < 0)
            {
                throw new IOException(Message);
            }

            change();
        }

        private sealed class CutOffFile(CutOffFiles files, IAppendFile file) : IAppendFile
        {
            public long Length => file.Length;

            public void Write(ReadOnlySpan<byte> bytes)
            {
                var half = bytes[..(bytes.Length / 2)].ToArray();
                if (files._left <= 0)
                {
                    file.Write(half); // Cut in the middle of it.
                }

                files.Changing(() => { });
                file.Write(bytes);
            }

            public void Flush() => file.Flush();

            public void Dispose() => file.Dispose();
        }
    }
}
