using System.IO.Hashing;
using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>The files of results: on the device before their record, beside the journal and not in its way.</summary>
public sealed class ArtifactWriterTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly RunFolder Folder = new("/batches/artifacts");
    private static readonly FakePlan Plan = new(100);

    [Fact]
    public void Wherever_the_power_goes_no_record_names_a_file_that_is_not_there_and_what_was_reported_is()
    {
        var (cuts, survivors) = (0, 0);
        for (var seed = 0; seed < 150; seed++)
        {
            var chance = new Random(seed);
            var cutAt = 1 + chance.Next(200);
            var files = new MemoryFiles { Before = (n, _) => Refuse(n >= cutAt, "The power is gone.") };
            var listener = new Listener();
            using var writer = Open(files, listener);
            for (var i = 0; i < 20; i++)
            {
                writer.Append(i % 3 == 0 ? new ResultRecord(Plan.Result(i)) : WithFile(i, 1 + (i % 2)));
            }

            // What is reported while the power goes may or may not be there.
            List<JournalRecord> reported = [];
            listener.WaitFor(() => (listener.Troubles.Count > 0 || listener.Durable.Count == 20) && (reported = [.. listener.Durable]).Count >= 0);
            var after = files.AfterPowerCut(chance);
            writer.GiveUp();
            writer.Close(Patience);

            var recovered = Records(after);
            Assert.All(reported.OfType<ResultRecord>(), record => Assert.Contains(record.Result.Index, recovered.Select(r => r.Result.Index)));
            foreach (var (record, file) in recovered.SelectMany(record => record.Artifacts.Select(file => (record, file))))
            {
                var bytes = after.TryReadAll(Path.Combine(Folder.FullPath, record.Result.ArtifactPath, file.Name));
                Assert.True(bytes is not null && Convert.ToHexStringLower(XxHash128.Hash(bytes)) == file.Hash, $"seed {seed}: {file} is not there.");
                survivors++;
            }

            cuts += listener.Troubles.Count;
        }

        Assert.True(cuts > 30 && survivors > 300, $"{cuts} cuts and {survivors} files prove little.");
    }

    [Fact]
    public void A_disk_full_of_files_is_told_of_once_loses_nothing_and_holds_up_no_result_without_a_file()
    {
        var full = true;
        var files = new MemoryFiles
        {
            Before = (_, words) => Refuse(Volatile.Read(ref full) && words == "write a.txt", "No space left on device"),
        };
        var time = new FakeTimeProvider();
        var listener = new Listener();
        using var writer = Open(files, listener, time);
        for (var i = 0; i < 30; i++)
        {
            writer.Append(WithFile(i));
        }

        listener.WaitFor(() => listener.Troubles.Count == 1);
        writer.Append(new ResultRecord(Plan.Result(50)));
        listener.WaitFor(() => listener.Durable.Count == 1);
        Assert.Equal(30, writer.Waiting);
        Assert.Equal(0, listener.Recovered);

        Volatile.Write(ref full, false);
        listener.WaitFor(time, () => listener.Durable.Count == 31);
        Assert.Empty(writer.Close(Patience));
        Assert.Equal((1, 1), (listener.Troubles.Count, listener.Recovered));
        Assert.All(Records(files).Where(r => r.Artifacts.Count > 0), r => Assert.NotNull(
            files.TryReadAll(Path.Combine(Folder.FullPath, r.Result.ArtifactPath, "a.txt"))));
    }

    [Fact]
    public void A_file_whose_write_never_returns_holds_up_neither_others_nor_the_end()
    {
        using var never = new ManualResetEventSlim();
        var stuck = 0;
        var files = new MemoryFiles
        {
            Before = (_, words) =>
            {
                if (words == "write a.txt" && Interlocked.Increment(ref stuck) == 1)
                {
                    never.Wait(Patience);
                }
            },
        };
        var listener = new Listener();
        using var writer = Open(files, listener);
        for (var i = 0; i < 30; i++)
        {
            writer.Append(WithFile(i));
        }

        listener.WaitFor(() => listener.Durable.Count == 29);
        var unsaved = writer.Close(TimeSpan.FromMilliseconds(200));
        never.Set();
        var missing = Assert.Single(unsaved.OfType<ResultRecord>()).Result.Index;
        Assert.DoesNotContain(missing, Records(files).Select(record => record.Result.Index));
        Assert.Equal(29, Records(files).Count);
    }

    [Fact]
    public void Each_folder_is_flushed_once_for_all_files_of_an_attempt_and_the_folder_of_all_once_for_each_new_one_in_it()
    {
        var files = new MemoryFiles();
        var store = new ArtifactStore(Folder, files, Durability.PowerLoss);
        Artifact[] two = [new("a.txt", new byte[1]), new("b.txt", new byte[2])];
        store.Write("artifacts/ab/abc/1-1", two);
        store.Write("artifacts/ab/abd/1-1", two);

        string[] first = ["create a.txt", "write a.txt", "flush a.txt", "create b.txt", "write b.txt", "flush b.txt", "flush folder 1-1", "flush folder abc", "flush folder ab"];
        Assert.Equal([.. first, "flush folder artifacts", .. first.Select(words => words.Replace("abc", "abd", StringComparison.Ordinal))], Operations(files));
    }

    [Fact]
    public void When_only_the_end_of_the_process_is_to_be_survived_nothing_is_flushed()
    {
        var files = new MemoryFiles();
        new ArtifactStore(Folder, files, Durability.ProcessCrash).Write("artifacts/ab/abc/1-1", [new("a.txt", new byte[1])]);
        Assert.Equal(["create a.txt", "write a.txt"], Operations(files));
    }

    private static IEnumerable<string> Operations(MemoryFiles files) => files.Log.Where(words => !words.StartsWith("create folder", StringComparison.Ordinal));

    private static void Refuse(bool refused, string why)
    {
        if (refused)
        {
            throw new IOException(why);
        }
    }

    private static ResultRecord WithFile(int index, int count = 1)
    {
        var result = Plan.Result(index);
        return new ResultRecord(new TestResult
        {
            Id = result.Id, Index = index, Kind = result.Kind, Name = result.Name, Outcome = result.Outcome, Attempt = 1, Session = 1,
            StartedAt = result.StartedAt, Schema = Plan.Schema, ParameterValues = result.ParameterValues, MetricValues = result.MetricValues,
            ArtifactPath = RunFolder.ArtifactPath(result.Id, 1, 1),
        })
        {
            Unsaved = [.. Enumerable.Range(0, count).Select(n => new Artifact(n == 0 ? "a.txt" : "b.txt", new byte[100 + index]))],
        };
    }

    private static List<ResultRecord> Records(MemoryFiles files)
    {
        var records = new List<ResultRecord>();
        foreach (var name in files.List(Folder.JournalFolder))
        {
            var stream = files.OpenRead(Path.Combine(Folder.JournalFolder, name));
            using var journal = new JournalReader(stream, Plan.BatchId, RunFolder.NumberOf(name), new RecordParser(Plan, Folder.FullPath));
            records.AddRange(journal.Read().Select(line => line.Record).OfType<ResultRecord>());
        }

        return records;
    }

    private static JournalWriter Open(MemoryFiles files, Listener listener, TimeProvider? time = null) => new(
        Folder,
        files,
        new JournalOptions
        {
            BatchId = Plan.BatchId, Schema = Plan.Schema, Session = new SessionRecord(1, FakePlan.Start, "{}"), Open = new OpenSet(),
        },
        listener,
        10_000,
        time ?? TimeProvider.System);
}
