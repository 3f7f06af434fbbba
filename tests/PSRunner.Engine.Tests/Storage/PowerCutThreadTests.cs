using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// The journal's, the artifacts' and the sealer's own threads on a disk that loses its power at an operation whose number
/// the seed decides; which thread that hits is up to them. What the journal said is durable must be there afterwards.
/// </summary>
public class PowerCutThreadTests(ITestOutputHelper output)
{
    private const int Cases = 60;
    private const int PerFile = 7;
    private const int CutsPerBatch = 4;
    private const int Batches = 75;
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(30);
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "threads"));
    private static readonly FakePlan Plan = new(Cases);

    [Fact]
    public void Three_hundred_cuts_under_running_threads_lose_nothing_that_was_acknowledged()
    {
        var batches = Enumerable.Range(1, Batches).Select(seed => new Batch(seed)).ToList();
        batches.ForEach(batch => batch.Live());
        output.WriteLine($"{batches.Sum(b => b.Cuts)} cuts, {batches.Sum(b => b.Acknowledged)} results acknowledged before one, hit: "
            + string.Join(", ", batches.SelectMany(b => b.Hit).CountBy(word => word).OrderByDescending(pair => pair.Value).Select(pair => $"{pair.Key} {pair.Value}")));
        batches.SelectMany(batch => batch.Wrong).Take(20).ToList().ForEach(output.WriteLine);
        Assert.DoesNotContain(batches, batch => batch.Wrong.Count > 0);
        Assert.Equal(Batches * CutsPerBatch, batches.Sum(b => b.Cuts));
        Assert.Superset(new HashSet<string>(["PSRunner journal", "PSRunner sealer", "PSRunner artifacts", "recovery"]), batches.SelectMany(b => b.Hit).ToHashSet());
    }

    [Theory]
    [InlineData(MemoryFiles.Lie.FileFlush)]
    [InlineData(MemoryFiles.Lie.FolderFlush)]
    public void A_store_whose_flushes_do_nothing_is_found_out(object lie)
    {
        for (var seed = 1; seed <= Batches; seed++)
        {
            var batch = new Batch(seed) { Lies = (MemoryFiles.Lie)lie };
            batch.Live();
            if (batch.Wrong.Count > 0)
            {
                output.WriteLine(batch.Wrong[0]);
                return;
            }
        }

        Assert.Fail("Nobody noticed.");
    }

    private sealed class Batch(int seed)
    {
        private readonly Random _chance = new(seed);

        // By case: the result that was acknowledged, and all that were handed over, each as text.
        private readonly Dictionary<int, string> _acknowledged = [];
        private readonly Dictionary<int, HashSet<string>> _handedOver = [];
        private MemoryFiles _files = new();
        private int _left;
        private string? _hit;

        public MemoryFiles.Lie Lies { get; init; }

        public List<string> Wrong { get; } = [];

        public List<string> Hit { get; } = [];

        public int Cuts { get; private set; }

        public int Acknowledged { get; private set; }

        public void Live()
        {
            _files = new MemoryFiles { Lies = Lies };
            while (Cuts < CutsPerBatch && Wrong.Count == 0)
            {
                (_left, _hit) = (_chance.Next(1, 140), null);
                _files.Before = TakeOperation;
                Run();
                if (_hit is not null)
                {
                    Hit.Add(_hit);
                    Cuts++;
                    Acknowledged += _acknowledged.Count;
                    _files = _files.AfterPowerCut(_chance);
                    Compare();
                }
            }

            _files.Before = static (_, _) => { };
            if (Wrong.Count == 0)
            {
                Run();
                CompareParts();
            }
        }

        private void TakeOperation(int number, string words)
        {
            if (!MemoryFiles.OnlyReads(words) && Interlocked.Decrement(ref _left) < 0)
            {
                Interlocked.CompareExchange(ref _hit, Thread.CurrentThread.Name is { } name && name.StartsWith("PSRunner", StringComparison.Ordinal) ? name : "recovery", null);
            }

            if (Volatile.Read(ref _hit) is not null)
            {
                throw new OutOfPower(words);
            }
        }

        /// <summary>One session: recovers, hands over all that is pending, and closes or loses its power.</summary>
        private void Run()
        {
            RecoveredState state;
            try
            {
                state = Recovery.Open(Folder, _files, Plan);
            }
            catch (OutOfPower)
            {
                return;
            }

            // Recovery forced to the device what it believed: now all of that counts.
            foreach (var result in new ResultReader(Folder, Plan, _files.AfterKill()).Read())
            {
                _acknowledged[result.Index] = FakePlan.Tell(result);
            }

            var pending = Enumerable.Range(0, Cases).Where(index => state.Outcomes[index] == 0).OrderBy(_ => _chance.Next()).ToArray();
            state.Open.CutOff(_ => true);
            var session = state.LastSession + 1;
            Sealer sealer = null!;
            JournalWriter writer = null!;
            Listener listener = null!;
            listener = new Listener
            {
                Says = word =>
                {
                    if (word == "closed")
                    {
                        sealer.Seal(listener.Closed[^1]);
                    }
                    else if (word == "durable")
                    {
                        sealer.RequestCheckpoint(writer.Durable);
                    }
                },
            };
            var options = new JournalOptions
            {
                BatchId = Plan.BatchId, Schema = Plan.Schema, Session = new SessionRecord(session, FakePlan.Start, "{}"), Open = state.Open,
                LastFile = state.LastFile, LastSeq = state.LastSeq, Unsealed = state.Unsealed, Reopened = state.Reopened, ResultsPerFile = PerFile,
            };
            using (sealer = new Sealer(new PartSealer(Folder, _files, Plan, state.Superseded, static () => { }), static _ => { }, static () => { }, TimeProvider.System))
            using (writer = new JournalWriter(Folder, _files, options, listener, 10 * Cases, TimeProvider.System))
            {
                HandOver(pending, state, session, writer);
                listener.WaitFor(() => listener.Troubles.Count > 0 || listener.Durable.OfType<ResultRecord>().Count() == pending.Length);
                writer.Close(Limit);
                sealer.Close(Limit);
            }

            foreach (var record in listener.Durable.OfType<ResultRecord>())
            {
                _acknowledged[record.Result.Index] = FakePlan.Tell(record.Result);
            }
        }

        // Two threads at once, as results come; every third result has a file, which a third thread of the journal saves.
        private void HandOver(int[] pending, RecoveredState state, int session, JournalWriter writer)
        {
            var records = pending.Select(index => (Start: new StartedRecord(index, state.Open[index].Attempt + 1), Result: Result(index, state.Open[index].Attempt + 1, session))).ToArray();
            foreach (var (_, result) in records)
            {
                _handedOver.TryAdd(result.Result.Index, []);
                _handedOver[result.Result.Index].Add(FakePlan.Tell(result.Result));
            }

            Thread[] producers = [.. Enumerable.Range(0, 2).Select(half => new Thread(() =>
            {
                foreach (var (start, result) in records.Where((_, i) => i % 2 == half))
                {
                    writer.Append(start);
                    writer.Append(result);
                }
            }))];
            Array.ForEach(producers, producer => producer.Start());
            Assert.All(producers, producer => Assert.True(producer.Join(Limit)));
        }

        private ResultRecord Result(int index, int attempt, int session)
        {
            var path = index % 3 == 0 ? RunFolder.ArtifactPath(FakePlan.IdOf(index), session, attempt) : "";
            return new ResultRecord(Plan.Result(index, attempt, session, new string('o', _chance.Next(900)), artifactPath: path))
            {
                Unsaved = path.Length == 0 ? [] : [new Artifact("log.txt", Content(path))],
            };
        }

        private void Compare()
        {
            var reader = new ResultReader(Folder, Plan, _files);
            var found = reader.Read().ToList();
            Wrong.AddRange(reader.Findings.Where(finding => finding.IsCorrupt).Select(finding => Told(finding.ToString())));
            var byCase = found.ToDictionary(result => result.Index, FakePlan.Tell);
            foreach (var (index, told) in _acknowledged.Where(pair => byCase.GetValueOrDefault(pair.Key) != pair.Value))
            {
                Wrong.Add(Told($"case {index} was acknowledged as {told}, and is {byCase.GetValueOrDefault(index) ?? "lost"}"));
            }

            foreach (var result in found.Where(result => !_handedOver[result.Index].Contains(FakePlan.Tell(result))))
            {
                Wrong.Add(Told($"nobody handed over {FakePlan.Tell(result)}"));
            }

            foreach (var result in found.Where(result => result.ArtifactPath.Length > 0))
            {
                if (_files.TryReadAll(Path.Combine(Folder.FullPath, result.ArtifactPath, "log.txt")) is not { } bytes || !bytes.AsSpan().SequenceEqual(Content(result.ArtifactPath)))
                {
                    Wrong.Add(Told($"the file of case {result.Index} is lost"));
                }
            }
        }

        private void CompareParts()
        {
            Compare();
            var parts = new PartFile(_files, Plan.Schema, Folder.FullPath);
            var rows = _files.List(Folder.ResultsFolder).SelectMany(name => parts.TryRead(Path.Combine(Folder.ResultsFolder, name))!.Value.Rows);

            // A journal file of which the cut left no whole line is set aside under another name.
            var journals = _files.List(Folder.JournalFolder).Where(name => name.EndsWith(".jsonl", StringComparison.Ordinal)).ToList();
            if (!rows.Select(row => row.Index).Order().SequenceEqual(Enumerable.Range(0, Cases)) || journals.Count > 0)
            {
                Wrong.Add(Told($"the parts do not hold each result once, or the journal stays: {string.Join(", ", journals)}"));
            }
        }

        private string Told(string what) => $"seed {seed}, cut {Cuts} ({string.Join(", ", Hit)}): {(what.Length < 400 ? what : what[..400])}";

        private static byte[] Content(string path) => Encoding.UTF8.GetBytes(path + new string('l', 700));
    }

    /// <summary>The machine is gone; nothing catches this but the ends of the threads.</summary>
    private sealed class OutOfPower(string words) : Exception(words);
}
