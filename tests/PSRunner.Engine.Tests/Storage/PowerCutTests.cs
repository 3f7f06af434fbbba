using System.Globalization;
using System.IO.Hashing;
using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// Random batches on a disk that loses its power at random moments: also while files are turned, sealed, checkpointed, and
/// while what the last cut left is being recovered. Nothing that was acknowledged may be missing, nothing else be believed.
/// </summary>
public class PowerCutTests(ITestOutputHelper output)
{
    private const int Cases = 24;
    private const int PerFile = 5;
    private const int CutsPerBatch = 10;
    private static readonly RunFolder Folder = new(Path.Combine(Path.GetTempPath(), "none", "run"));
    private static readonly FakePlan Plan = new(Cases);

    [Fact]
    public void Two_thousand_cuts_lose_nothing_that_was_acknowledged()
    {
        var batches = Enumerable.Range(1, 2_000 / CutsPerBatch).Select(seed => new Batch(seed)).ToList();
        Parallel.ForEach(batches, new ParallelOptions { MaxDegreeOfParallelism = 2 }, batch =>
        {
            using (batch)
            {
                batch.Live();
            }
        });
        output.WriteLine($"{batches.Sum(b => b.Cuts)} cuts, {batches.Sum(b => b.Kills)} kills, {batches.Sum(b => b.Refusals)} refusals of the disk, "
            + $"{batches.Sum(b => b.Acknowledged)} groups, {batches.Sum(b => b.Ends)} batches brought to their end");
        batches.SelectMany(batch => batch.Wrong).Take(20).ToList().ForEach(output.WriteLine);
        Assert.DoesNotContain(batches, batch => batch.Wrong.Count > 0);
        Assert.Equal(2_000, batches.Sum(b => b.Cuts));
        Assert.True(batches.Sum(b => b.Ends) > 50);
    }

    /// <summary>The cuts have teeth: a store without one of its flushes is found out.</summary>
    [Theory]
    [InlineData(MemoryFiles.Lie.FileFlush)]
    [InlineData(MemoryFiles.Lie.FolderFlush)]
    [InlineData(MemoryFiles.Lie.Deletion)]
    [InlineData(MemoryFiles.Lie.Nothing, true)]
    public void A_store_that_leaves_out_a_flush_or_lets_files_go_in_another_order_is_found_out(object lie, bool sealsBackwards = false)
    {
        for (var seed = 1; seed <= 100; seed++)
        {
            using var batch = new Batch(seed) { Lies = (MemoryFiles.Lie)lie, SealsBackwards = sealsBackwards };
            batch.Live();
            if (batch.Wrong.Count > 0)
            {
                output.WriteLine(batch.Wrong[0]);
                return;
            }
        }

        Assert.Fail("Nobody noticed.");
    }

    /// <summary>One batch after the other in one folder, with everything that may happen to it.</summary>
    private sealed class Batch(int seed) : IDisposable
    {
        private readonly Random _chance = new(seed);
        private readonly Dictionary<string, string> _artifacts = [];
        private MemoryFiles _files = new();
        private StoreModel _model = new();
        private Session? _session;
        private OpenSet _found = new();

        public MemoryFiles.Lie Lies { get; init; }

        public bool SealsBackwards { get; init; }

        public List<string> Wrong { get; } = [];

        public int Cuts { get; private set; }

        public int Kills { get; private set; }

        public int Refusals { get; private set; }

        public int Acknowledged { get; private set; }

        public int Ends { get; private set; }

        public void Live()
        {
            _files = new MemoryFiles { Lies = Lies };
            while (Cuts < CutsPerBatch && Wrong.Count == 0)
            {
                Arm(_chance.Next(6) == 0 ? 150 : 30);
                try
                {
                    RunSession();
                }
                catch (OutOfPower)
                {
                    _session?.Dispose();
                    _session = null;
                    ComeBack();
                }
            }
        }

        // The power goes, or the process does, at one of the next operations; some of those before are refused.
        private void Arm(int within)
        {
            var left = _chance.Next(1, within);
            var refusals = _chance.Next(3) == 0 ? _chance.Next(1, 6) : 0;
            _files.Before = (_, words) =>
            {
                left -= MemoryFiles.OnlyReads(words) ? 0 : 1;
                if (left < 0)
                {
                    throw new OutOfPower(words);
                }

                if (refusals > 0 && _chance.Next(words.StartsWith("flush", StringComparison.Ordinal) ? 4 : 20) == 0)
                {
                    refusals--;
                    Refusals++;
                    throw new StoreException(words, "it", "made to fail");
                }
            };
        }

        private void ComeBack()
        {
            var wasKilled = _chance.Next(4) == 0;
            _files = wasKilled ? _files.AfterKill() : _files.AfterPowerCut(_chance);
            (Cuts, Kills) = wasKilled ? (Cuts, Kills + 1) : (Cuts + 1, Kills);
            Compare("after " + (wasKilled ? "the kill" : "the cut"));
        }

        private void Compare(string when)
        {
            var wrong = _model.Compare(Folder, _files, Plan);
            foreach (var (path, hash) in _artifacts)
            {
                if (_files.TryReadAll(path) is not { } bytes || Hash(bytes) != hash)
                {
                    wrong.Add($"the artifact '{path}' is not what it was");
                }
            }

            Wrong.AddRange(wrong.Select(what => string.Create(CultureInfo.InvariantCulture, $"seed {seed}, cut {Cuts}, kill {Kills}, {when}: {(what.Length < 500 ? what : what[..500])}")));
        }

        private void RunSession()
        {
            Begin();
            for (var steps = _chance.Next(25); steps > 0; steps--)
            {
                if (_chance.Next(10) == 0)
                {
                    Try(() => _session!.Sealer.WriteOpenPart(_session.Durable));
                }
                else
                {
                    Save([.. Enumerable.Range(0, Cases).OrderBy(_ => _chance.Next()).Take(_chance.Next(1, 9)).Select(NextRecord).OfType<JournalRecord>()]);
                }
            }

            if (_chance.Next(2) == 0)
            {
                End();
            }
        }

        private void Begin()
        {
            if (_session is not null)
            {
                return;
            }

            while (_session is null)
            {
                try
                {
                    _session = new Session(Folder, _files, Plan, PerFile, Reopen) { SealsBackwards = SealsBackwards };
                }
                catch (IOException)
                {
                }
            }

            // Only now it counts: recovery forced to the device what it believed.
            _model.Adopt(_found, new ResultReader(Folder, Plan, _files.AfterKill()).Read());
            _model.OnTheWay.Add(new OpenRecord(1, 1, [.. _session.Open.Cases]));
            _model.OnTheWay.AddRange(_session.State.Reopened);
            Save();
        }

        private void Reopen(RecoveredState state)
        {
            _found = state.Open.Copy();
            if (_chance.Next(3) == 0 || state.Counts[0] == 0)
            {
                foreach (var index in Enumerable.Range(0, Cases).Where(index => state.Outcomes[index] != 0 && _chance.Next(4) == 0))
                {
                    state.Reopen(index);
                }
            }
        }

        private void Save(params JournalRecord[] records)
        {
            _model.OnTheWay.AddRange(records);
            var closed = _session!.Write(records);
            _model.Acknowledge();
            Acknowledged++;
            foreach (var result in records.OfType<ResultRecord>().Where(result => result.Unsaved.Count > 0))
            {
                _artifacts[Path.Combine(Folder.FullPath, result.Result.ArtifactPath, "log.txt")] = Hash(result.Unsaved[0].Content.ToArray());
            }

            _session.Seal(closed);
        }

        private static bool Try(Action action)
        {
            try
            {
                action();
                return true;
            }
            catch (IOException)
            {
                return false;
            }
        }

        // As the conductor would go on: a case moves one step in a group.
        private JournalRecord? NextRecord(int index)
        {
            var known = _model.Open[index];
            return _chance.Next(6) switch
            {
                _ when _model.Results.ContainsKey(index) => null,
                _ when !known.Running => new StartedRecord(index, known.Attempt + 1),
                0 => new AttemptEndedRecord(index, known.Attempt, Causes.WorkerCrash, new string('m', _chance.Next(700)), 1, _chance.Next(2) == 0),
                1 => new CanceledRecord(index, known.Attempt),
                _ => NextResult(index, known.Attempt),
            };
        }

        private ResultRecord NextResult(int index, int attempt)
        {
            var path = _chance.Next(5) == 0 ? RunFolder.ArtifactPath(FakePlan.IdOf(index), _session!.Number, attempt) : "";
            var result = Plan.Result(index, attempt, _session!.Number, new string('o', _chance.Next(1_200)), artifactPath: path);
            return new ResultRecord(result) { Unsaved = path.Length == 0 ? [] : [new Artifact("log.txt", Encoding.UTF8.GetBytes($"{index} {attempt} {new string('l', _chance.Next(900))}"))] };
        }

        /// <summary>Brings the batch to its end on a disk that works: then everything is a part, one row a case.</summary>
        private void End()
        {
            _model.OnTheWay.Add(new OpenRecord(1, 1, [.. _session!.Open.Cases]));
            var isClosed = Try(_session.Close);
            _session.Dispose();
            _session = null;
            _files.Before = static (_, _) => { };
            Compare("after the end");
            if (!isClosed)
            {
                return; // Then all is as a crash would have left it.
            }

            var parts = new PartFile(_files, Plan.Schema, Folder.FullPath);
            var rows = _files.List(Folder.ResultsFolder).SelectMany(name => parts.TryRead(Path.Combine(Folder.ResultsFolder, name))!.Value.Rows);
            if (!rows.OrderBy(row => row.Index).Select(FakePlan.Tell).SequenceEqual(_model.Results.Values.Select(FakePlan.Tell)))
            {
                Wrong.Add($"seed {seed}, cut {Cuts}: the parts do not hold each result once");
            }

            Ends++;
        }

        public void Dispose() => _session?.Dispose();

        private static string Hash(byte[] bytes) => Convert.ToHexStringLower(XxHash128.Hash(bytes));
    }

    /// <summary>The machine is gone; nothing catches this.</summary>
    private sealed class OutOfPower(string words) : Exception(words);
}
