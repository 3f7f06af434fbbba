using System.Collections.Concurrent;
using System.Diagnostics;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// Whole small batches on a disk that refuses one operation once, or everything from one on, or does not answer. Nothing
/// that was handed out is lost, the user is told, and every batch ends within its limits.
/// </summary>
public sealed class BatchFaultTests(ITestOutputHelper output) : IDisposable
{
    private const int Cases = 6;
    private static readonly TimeSpan HardLimit = TimeSpan.FromSeconds(60);
    private readonly TempFolder _temp = new();
    private readonly ConcurrentDictionary<FaultyFiles, string> _outputs = new();
    private int _count;

    public void Dispose() => _temp.Dispose();

    [Fact]
    public async Task Any_operation_that_fails_once_costs_no_result_and_the_batch_goes_on_or_says_why_not()
    {
        var faults = Positions().SelectMany(position => FaultyFiles.ErrorsOf(position.Words).Select(error => (position.Words, position.Time, Error: error))).ToList();
        var wrong = new ConcurrentQueue<string>();
        var (refused, completed) = (0, 0);
        await InParallel(faults, fault =>
        {
            var hit = 0;
            var files = new FaultyFiles();
            files.Before = (words, time) =>
            {
                if (words == fault.Words && time == fault.Time)
                {
                    Interlocked.Increment(ref hit);
                    throw Refused(fault.Error, words);
                }
            };
            var run = Run(files);
            if (run.Refusal is not null)
            {
                Interlocked.Increment(ref refused);
            }
            else if (run is { State: BatchStates.Completed, Results.Count: Cases })
            {
                Interlocked.Increment(ref completed);
                if (Directory.GetFiles(Path.Combine(run.Folder, "journal")) is { Length: > 0 } left)
                {
                    wrong.Enqueue($"{fault}: it is completed with {string.Join(", ", left)}: {string.Join(" ", run.Notes)}");
                }
            }
            else
            {
                wrong.Enqueue($"{fault}: {run.State} with {run.Results.Count} results: {run.Message}");
            }

            foreach (var problem in Mend(run))
            {
                wrong.Enqueue($"{fault}: {problem}");
            }
        });

        output.WriteLine($"{faults.Count} faults: {completed} batches went on to their end, {refused} said why they could not begin");
        Assert.Empty(wrong);
        Assert.True(completed > 30 && refused > 5);
    }

    [Fact]
    public async Task A_disk_that_refuses_everything_from_some_moment_on_ends_the_batch_at_its_deadline()
    {
        // The hang of an earlier attempt: what fails for good must not be tried for good.
        var all = Positions().Where(position => !position.Words.Contains("status", StringComparison.Ordinal)).ToList();
        var faults = all.Where((_, place) => place % Math.Max(1, all.Count / 16) == 0)
            .Select((position, place) => (position.Words, position.Time, Error: new[] { "EROFS", "EMFILE", "EIO", "ENOSPC" }[place % 4])).ToList();
        var wrong = new ConcurrentQueue<string>();
        await InParallel(faults, fault =>
        {
            var isGone = false;
            var files = new FaultyFiles();
            files.Before = (words, time) =>
            {
                if (Volatile.Read(ref isGone) || (words == fault.Words && time == fault.Time))
                {
                    Volatile.Write(ref isGone, true);
                    throw Refused(fault.Error, words);
                }
            };
            var run = Run(files);
            if (run.Refusal is null && run.Results.Count < Cases && (run.State == BatchStates.Completed || !run.Notes.Exists(note => note.Contains(fault.Error, StringComparison.Ordinal))))
            {
                wrong.Enqueue($"{fault}: {run.State}, {run.Results.Count} results, {string.Join(" ", run.Notes)}");
            }

            foreach (var problem in Mend(run))
            {
                wrong.Enqueue($"{fault}: {problem}");
            }
        });
        Assert.Empty(wrong);
    }

    [Fact]
    public void A_batch_on_a_disk_that_does_not_answer_ends_within_grace_and_shutdown()
    {
        using var answers = new ManualResetEventSlim();
        using var isDead = new ManualResetEventSlim();
        using var started = new ManualResetEventSlim();
        var files = new FaultyFiles
        {
            Before = (_, _) =>
            {
                if (isDead.IsSet)
                {
                    answers.Wait(HardLimit);
                }
            },
        };
        var executor = new NoopExecutor(async (_, cancellation) =>
        {
            started.Set();
            await Task.Delay(Timeout.Infinite, cancellation);
            return new AttemptReport();
        });
        using var session = Start(files, executor, grace: 1, shutdown: 4);
        Assert.True(started.Wait(HardLimit, TestContext.Current.CancellationToken));
        isDead.Set();
        Thread.Sleep(400); // The attendant is caught too.
        var clock = Stopwatch.StartNew();
        session.Stop("enough");
        while (!session.Results.IsCompleted && clock.Elapsed < HardLimit)
        {
            session.Results.TryTake(out _, TimeSpan.FromMilliseconds(20));
        }

        var took = clock.Elapsed;
        answers.Set();
        output.WriteLine($"{took.TotalSeconds:0.0} s");
        Assert.True(took < TimeSpan.FromSeconds(5 + 2), $"It took {took.TotalSeconds:0.0} s instead of 5.");
        Assert.True(session.WaitForEnd(HardLimit));
    }

    private sealed record Outcome(string Folder, TestBatchException? Refusal, string State, string Message, List<TestResult> Results, List<string> Notes);

    /// <summary>Every operation of a batch to which nothing happens; of those that the clock repeats, the first.</summary>
    private List<(string Words, int Time)> Positions()
    {
        var files = new FaultyFiles();
        var run = Run(files);
        Assert.Equal((BatchStates.Completed, Cases), (run.State, run.Results.Count));
        return [.. files.Log.Where(position => position.Time <= 2 || position.Words.StartsWith("read ", StringComparison.Ordinal)).Distinct()];
    }

    private Outcome Run(FaultyFiles files)
    {
        var executor = new NoopExecutor((context, _) => Task.FromResult(new AttemptReport
        {
            Score = 1, Output = context.Case.Name, Artifacts = context.Case.Name == "case 2" ? [new Artifact("log.txt", new byte[900])] : [],
        }));
        BatchSession session;
        try
        {
            session = Start(files, executor, grace: 1, shutdown: 2);
        }
        catch (TestBatchException e)
        {
            var output = _outputs[files];
            return new Outcome(Directory.Exists(output) ? Directory.GetDirectories(output).SingleOrDefault(output) : "", e, "", e.Message, [], []);
        }

        using (session)
        {
            var results = new List<TestResult>();
            var clock = Stopwatch.StartNew();
            while (!session.Results.IsCompleted)
            {
                if (session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
                {
                    results.Add(result);
                }

                Assert.True(clock.Elapsed < HardLimit, "The batch hangs.");
            }

            Assert.True(session.WaitForEnd(HardLimit), "The batch does not end.");
            return new Outcome(session.Batch.RunFolder, null, session.Batch.State, session.Batch.Message, results, [.. session.TakeNotes()]);
        }
    }

    private BatchSession Start(FaultyFiles files, ITestExecutor executor, double grace, double shutdown)
    {
        var options = new BatchOptions
        {
            OutputPath = Path.Combine(_temp.FullPath, $"{Interlocked.Increment(ref _count)}"), ThrottleLimit = 2, CheckpointInterval = 2, RetryCount = 0,
            TestTimeoutSeconds = 5, BatchTimeoutSeconds = 6, GracePeriodSeconds = grace, ShutdownSeconds = shutdown,
        };
        _outputs[files] = options.OutputPath;
        using var builder = new BatchBuilder(options, [executor], files);
        for (var i = 0; i < Cases; i++)
        {
            builder.Add(new TestCase("noop", "case " + i));
        }

        return builder.Start();
    }

    /// <summary>The disk is well again: what was handed out is there, and the batch can be brought to its end. Returns what is wrong.</summary>
    private static IEnumerable<string> Mend(Outcome run)
    {
        if (!File.Exists(Path.Combine(run.Folder, "batch.json")))
        {
            return run.Refusal is null ? ["there is no batch.json"]
                : run.Folder.Length > 0 ? [$"what could not begin left {string.Join(", ", Directory.GetFileSystemEntries(run.Folder))}"] : [];
        }

        using (var stored = StoredBatch.Open(run.Folder))
        {
            var kept = stored.ReadResults().Select(r => r.Index).ToHashSet();
            if (run.Results.Exists(result => !kept.Contains(result.Index)))
            {
                return [$"{run.Results.Count} results were handed out and {kept.Count} are there"];
            }
        }

        if (run.State != BatchStates.Completed)
        {
            using var session = BatchSession.Resume(run.Folder, new ResumeOptions(), [new NoopExecutor()]);
            while (!session.Results.IsCompleted)
            {
                session.Results.TryTake(out _, TimeSpan.FromSeconds(1));
            }

            session.WaitForEnd(HardLimit);
            if (session.Batch.State != BatchStates.Completed)
            {
                return [$"resumed, it ended {session.Batch.State}: {session.Batch.Message}"];
            }
        }

        var audit = BatchAudit.Run(run.Folder);
        return audit is { Healthy: true, Recorded: Cases } ? [] : [$"{audit.Recorded} recorded, {string.Join("; ", audit.Findings)}"];
    }

    // They wait more than they work.
    private static Task InParallel<T>(IEnumerable<T> items, Action<T> action) =>
        Parallel.ForEachAsync(items, new ParallelOptions { MaxDegreeOfParallelism = 8 }, (item, _) =>
        {
            var done = new TaskCompletionSource();
            new Thread(() =>
            {
                try
                {
                    action(item);
                    done.SetResult();
                }
                catch (Exception e)
                {
                    done.SetException(e);
                }
            }).Start();
            return new ValueTask(done.Task);
        });

    private static StoreException Refused(string error, string words) => new("do", words, "made to fail", error);
}
