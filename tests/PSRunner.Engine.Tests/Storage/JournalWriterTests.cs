using System.Collections.Concurrent;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

public class JournalWriterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(2_000);

    [Fact]
    public void Many_threads_results_become_durable_in_groups_and_each_once()
    {
        var files = new MemoryFiles();
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet());
        Parallel.For(0, Plan.Count, i => writer.Append(new ResultRecord(Plan.Result(i))));
        Assert.Empty(writer.Close(Patience));
        Assert.Equal(Enumerable.Range(0, Plan.Count), listener.Durable.OfType<ResultRecord>().Select(r => r.Result.Index).Order());
        Assert.Equal(listener.Written, listener.Durable);
        Assert.True(files.Log.Count(words => words.StartsWith("flush ", StringComparison.Ordinal)) < Plan.Count);
        Assert.Equal([1], listener.Closed.Select(file => file.Number));
        Assert.Equal(Plan.Count, new ResultReader(Folder, Plan, files).Read().Count());
    }

    [Fact]
    public void A_start_may_be_dispatched_when_written_and_nothing_is_reported_before_its_flush()
    {
        var seen = new ConcurrentQueue<string>();
        var files = new MemoryFiles { Before = (_, words) => seen.Enqueue(words) };
        var listener = new Listener { Says = seen.Enqueue };
        using var writer = Open(files, listener, new OpenSet());
        writer.Append(new StartedRecord(0, 1));
        writer.Close(Patience);
        Assert.Equal(["create 000001.jsonl", "write 000001.jsonl", "written", "flush 000001.jsonl", "flush folder journal", "durable"], seen.Take(6));
    }

    [Theory]
    [InlineData("write 000001.jsonl")]
    [InlineData("flush 000001.jsonl")]
    public void After_a_refused_write_or_flush_the_file_is_never_touched_and_its_records_go_to_the_next_one(string refused)
    {
        var full = true;
        var armed = false;
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (Volatile.Read(ref armed) && Volatile.Read(ref full) && !words.StartsWith("delete", StringComparison.Ordinal)
                    && (words == refused || words.Contains("000002", StringComparison.Ordinal)))
                {
                    throw new IOException("No space left on device");
                }
            },
        };
        var listener = new Listener();
        var time = new FakeTimeProvider();
        using var writer = Open(files, listener, new OpenSet(), time);
        writer.Append(new ResultRecord(Plan.Result(0)));
        listener.WaitFor(() => listener.Durable.Count == 1);
        Volatile.Write(ref armed, true);
        writer.Append(new ResultRecord(Plan.Result(1)));
        listener.WaitFor(() => listener.Troubles.Count == 1);
        var before = files.Read(Folder.JournalFile(1));

        // The next try meets a full disk as well; what waits goes on waiting.
        listener.WaitFor(time, () => files.Log.Contains("create 000002.jsonl"));
        Assert.Single(listener.Durable);
        Volatile.Write(ref full, false);
        listener.WaitFor(time, () => listener.Recovered > 0);
        Assert.Empty(writer.Close(Patience));

        Assert.Single(listener.Troubles);
        Assert.Equal(1, listener.Recovered);
        Assert.Equal([0, 1], listener.Durable.OfType<ResultRecord>().Select(r => r.Result.Index));
        Assert.Equal(before, files.Read(Folder.JournalFile(1)));
        Assert.Equal([0, 1], new ResultReader(Folder, Plan, files).Read().Select(r => r.Index));
    }

    [Fact]
    public void A_disk_that_recovered_is_used_again_although_tests_block_the_thread_pool_and_no_timer_fires()
    {
        var full = true;
        var files = new MemoryFiles
        {
            Before = (_, _) =>
            {
                if (Volatile.Read(ref full))
                {
                    throw new IOException("No space left on device");
                }
            },
        };
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet(), new NoTimers());
        writer.Append(new ResultRecord(Plan.Result(0)));
        listener.WaitFor(() => listener.Troubles.Count == 1);
        Volatile.Write(ref full, false);
        listener.WaitFor(() => listener.Recovered == 1);
        Assert.Empty(writer.Close(Patience));
    }

    [Fact]
    public void A_writer_told_to_give_up_returns_what_it_could_not_save()
    {
        var files = new MemoryFiles { Before = (_, _) => throw new IOException("Read-only file system") };
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet());
        writer.Append(new ResultRecord(Plan.Result(3)));
        listener.WaitFor(() => listener.Troubles.Count == 1);
        writer.Append(new ResultRecord(Plan.Result(4)));
        writer.GiveUp();
        Assert.Equal([3, 4], writer.Close(Patience).OfType<ResultRecord>().Select(r => r.Result.Index));
        Assert.Empty(listener.Durable);
        Assert.Throws<InvalidOperationException>(() => writer.Append(new StartedRecord(0, 1)));
    }

    [Fact]
    public void More_records_than_agreed_are_a_fault_of_the_caller()
    {
        using var stopped = new ManualResetEventSlim();
        var files = new MemoryFiles { Before = (_, _) => stopped.Wait(Patience) };
        using var writer = Open(files, new Listener(), new OpenSet(), bound: 10);
        Assert.Throws<InvalidOperationException>(() =>
        {
            for (var i = 0; i < 30; i++)
            {
                writer.Append(new StartedRecord(i, 1));
            }
        });
        stopped.Set();
        writer.Close(Patience);
    }

    [Fact]
    public void A_fault_in_our_own_code_ends_the_thread_with_a_word_and_keeps_the_records()
    {
        var files = new MemoryFiles { Before = (_, _) => throw new InvalidOperationException("a bug") };
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet());
        writer.Append(new StartedRecord(0, 1));
        listener.WaitFor(() => listener.Troubles.Count == 1);
        Assert.Equal([new StartedRecord(0, 1)], writer.Close(Patience));
    }

    [Fact]
    public void Text_beyond_a_records_size_is_cut_with_a_mark_and_kept_whole_beside()
    {
        var files = new MemoryFiles();
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet());
        var output = string.Concat(Enumerable.Repeat("\u0001\u00fc\U0001F600", 100_000));
        writer.Append(new ResultRecord(Plan.Result(5, output: output, message: new string('m', 20_000))));
        writer.Close(Patience);

        var kept = listener.Durable.OfType<ResultRecord>().Single();
        Assert.Equal(["message.txt", "output.txt"], kept.Artifacts.Select(artifact => artifact.Name));
        Assert.Equal($"artifacts/{kept.Result.Id[..2]}/{kept.Result.Id}/1-1", kept.Result.ArtifactPath);
        Assert.EndsWith("[cut: 400000 characters, all of them in the artifact output.txt]", kept.Result.Output, StringComparison.Ordinal);
        var path = Path.Combine(Folder.FullPath, kept.Result.ArtifactPath, "output.txt");
        Assert.Equal(output, System.Text.Encoding.UTF8.GetString(files.Read(path)));
        Assert.True(files.Read(Folder.JournalFile(1)).Length < 1 << 20);
        var log = files.Log.ToList();
        Assert.True(log.IndexOf("flush output.txt") < log.IndexOf("write 000001.jsonl"));

        // What was emitted is what is read, in the journal and in the part.
        var emitted = FakePlan.Tell(kept.Result);
        Assert.Equal(emitted, FakePlan.Tell(new ResultReader(Folder, Plan, files).Read().Single()));
        new PartSealer(Folder, files, Plan, new Dictionary<int, Dictionary<int, bool>>(), static () => { }).Seal(new ClosedFile(1));
        Assert.Equal(emitted, FakePlan.Tell(new ResultReader(Folder, Plan, files).Read().Single()));
    }

    [Fact]
    public void Broken_characters_and_endless_messages_are_kept_in_a_form_that_every_reader_sees()
    {
        var files = new MemoryFiles();
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet());
        writer.Append(new AttemptEndedRecord(1, 1, Causes.Throttled, new string('x', 3_000_000), 1, true));
        writer.Append(new ResultRecord(Plan.Result(1, output: "half \ud83d of a pair", message: "\ude00\0")));
        writer.Close(Patience);
        Assert.True(files.Read(Folder.JournalFile(1)).Length < 1 << 20);
        var emitted = listener.Durable.OfType<ResultRecord>().Single().Result;
        Assert.Equal("half \ufffd of a pair", emitted.Output);
        Assert.Equal(FakePlan.Tell(emitted), FakePlan.Tell(new ResultReader(Folder, Plan, files).Read().Single()));
    }

    [Fact]
    public void An_output_that_the_test_kept_as_a_file_itself_is_not_written_over_it()
    {
        var files = new MemoryFiles();
        var artifacts = new ArtifactStore(Folder, files, Durability.PowerLoss);
        var given = new ResultRecord(Plan.Result(5, output: new string('o', ResultFit.OutputLimit + 1))) { Unsaved = [new Artifact("output.txt", "all of it"u8.ToArray())] };
        var kept = ResultFit.Apply(given, artifacts);
        Assert.Equal(["output.txt"], kept.Artifacts.Select(artifact => artifact.Name));
        Assert.Equal("all of it"u8, files.Read(Path.Combine(Folder.FullPath, kept.Result.ArtifactPath, "output.txt")));
        Assert.Contains("[cut: ", kept.Result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void A_result_brought_into_shape_keeps_every_property()
    {
        var time = FakePlan.Start.AddTicks(3);
        var result = Plan.Result(8, output: new string('o', ResultFit.OutputLimit + 1));
        var given = new TestResult
        {
            Outcome = result.Outcome, Cause = "c", FaultDomain = "f", Scored = true, Score = 0.25, Kind = "k", Name = "n", DurationSeconds = 2,
            Attempt = 3, Session = 4, StartedAt = time, Message = "m", Output = "o", ArtifactPath = "p", Batch = "b", RunFolder = "r", Index = 8,
            Id = result.Id, OtherMetrics = "{}", Schema = Plan.Schema, ParameterValues = result.ParameterValues, MetricValues = result.MetricValues,
        };
        var fit = ResultFit.Apply(new ResultRecord(given), new ArtifactStore(Folder, new MemoryFiles(), Durability.PowerLoss)).Result;
        Assert.NotSame(given, fit);
        Assert.Equal(FakePlan.Start, fit.StartedAt);
        var properties = typeof(TestResult).GetProperties(
            System.Reflection.BindingFlags.Instance | System.Reflection.BindingFlags.Public | System.Reflection.BindingFlags.NonPublic);
        foreach (var property in properties.Where(p => p.Name != nameof(TestResult.StartedAt)))
        {
            Assert.Equal(property.GetValue(given), property.GetValue(fit));
        }
    }

    [Fact]
    public void Without_flushes_a_killed_process_loses_nothing_and_nothing_is_flushed()
    {
        var files = new MemoryFiles();
        var listener = new Listener();
        using var writer = Open(files, listener, new OpenSet(), durability: Durability.ProcessCrash);
        writer.Append(new ResultRecord(Plan.Result(0)));
        listener.WaitFor(() => listener.Durable.Count == 1);
        Assert.DoesNotContain(files.Log, words => words.StartsWith("flush", StringComparison.Ordinal));
        Assert.Single(new ResultReader(Folder, Plan, files.AfterKill()).Read());
    }

    [Fact]
    public void What_was_given_back_as_not_saved_is_neither_announced_nor_written_when_the_disk_answers_after_all()
    {
        using var stands = new ManualResetEventSlim();
        using var answers = new ManualResetEventSlim();
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (words.StartsWith("flush ", StringComparison.Ordinal))
                {
                    stands.Set();
                    answers.Wait(TimeSpan.FromSeconds(30));
                }
            },
        };
        var listener = new Listener();
        using (var writer = Open(files, listener, new OpenSet()))
        {
            writer.Append(new ResultRecord(Plan.Result(0)));
            Assert.True(stands.Wait(TimeSpan.FromSeconds(30), TestContext.Current.CancellationToken));
            writer.Append(new ResultRecord(Plan.Result(1)));
            Assert.Equal(2, writer.Close(TimeSpan.Zero).Count);
            answers.Set();
        }

        Assert.Empty(listener.Durable);
        Assert.Single(files.Log, words => words.StartsWith("write ", StringComparison.Ordinal));
    }

    private static JournalWriter Open(
        MemoryFiles files, Listener listener, OpenSet open, TimeProvider? time = null, int bound = 10_000, Durability durability = Durability.PowerLoss) =>
        new(
            Folder,
            files,
            new JournalOptions
            {
                BatchId = Plan.BatchId,
                Schema = Plan.Schema,
                Session = new SessionRecord(1, FakePlan.Start, "{}"),
                Open = open,
                Durability = durability,
            },
            listener,
            bound,
            time ?? TimeProvider.System);

    private sealed class NoTimers : TimeProvider
    {
        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }
}
