using Microsoft.Win32.SafeHandles;
using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>What real file systems do to the store when they are full, and when they are shut down in the middle of a write.</summary>
public sealed class RealDiskTests(ITestOutputHelper output)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Fact]
    public void On_a_full_disk_nothing_new_starts_and_when_there_is_room_again_the_batch_goes_on_to_its_end()
    {
        const int Cases = 200;
        using var disk = RealDisk.Tmpfs("4m");
        using var isFull = new ManualResetEventSlim();
        var started = 0;
        var executor = new NoopExecutor(async (_, cancellation) =>
        {
            if (Interlocked.Increment(ref started) > 20)
            {
                await Task.Run(() => isFull.Wait(Patience, CancellationToken.None), cancellation);
            }

            return new AttemptReport { Score = 1, Output = new string('x', 4_000) };
        });
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = Path.Combine(disk.MountPoint, "out"), ThrottleLimit = 4 }, [executor]);
        for (var i = 0; i < Cases; i++)
        {
            builder.Add(new TestCase("noop", "case " + i));
        }

        using var session = builder.Start();
        var results = new List<TestResult>();
        Take(session, results, 10);

        var ballast = Path.Combine(disk.MountPoint, "ballast");
        Fill(ballast);
        isFull.Set();
        Assert.True(SpinWait.SpinUntil(() => session.GetProgress().Gate == "disk", Patience), $"The disk is full and the gate is '{session.GetProgress().Gate}'.");
        var whenFull = Volatile.Read(ref started);
        Assert.False(SpinWait.SpinUntil(() => Volatile.Read(ref started) > Math.Min(whenFull + 4, Cases - 1), TimeSpan.FromMilliseconds(300)), "Tests start although nothing can be saved.");
        Assert.Contains(session.TakeNotes(), note => note.Contains("cannot be saved", StringComparison.Ordinal) && note.Contains("ENOSPC", StringComparison.Ordinal));

        File.Delete(ballast);
        Take(session, results, Cases);
        Assert.True(session.WaitForEnd(Patience));
        Assert.Equal(BatchStates.Completed, session.Batch.State);
        Assert.Equal(Enumerable.Range(0, Cases), results.Select(r => r.Index).Order());
        Assert.Contains(session.TakeNotes(), note => note.StartsWith("Results are saved again", StringComparison.Ordinal));
        Assert.Empty(BatchAudit.Run(session.Batch.RunFolder).Findings);
        output.WriteLine($"{whenFull} of {Cases} had started when the disk was full");
    }

    [Fact]
    public void What_commands_say_on_a_full_disk_is_no_verdict()
    {
        using var disk = RealDisk.Tmpfs("4m");
        var signals = Directory.CreateTempSubdirectory("psrunner-signals-");
        const string Script = "touch $1.began; while [ ! -e go ]; do sleep 0.02; done; echo '{\"Outcome\":\"Skipped\"}'; exit $2";
        using var builder = new BatchBuilder(new BatchOptions { OutputPath = Path.Combine(disk.MountPoint, "out"), ThrottleLimit = 2 }, [new CommandExecutor()]);
        foreach (var code in (string[])["0", "1"])
        {
            builder.Add(CommandCases.Create(new() { Command = "sh", Arguments = ["-c", Script, "sh", code, code], CurrentFolder = signals.FullName, WorkingDirectory = signals.FullName }).Single());
        }

        using var session = builder.Start();
        Assert.True(SpinWait.SpinUntil(() => signals.GetFiles("*.began").Length == 2, Patience));
        var ballast = Path.Combine(disk.MountPoint, "ballast");
        Fill(ballast);
        File.WriteAllText(Path.Combine(signals.FullName, "go"), "");

        // What ended on the full disk is tried again, and only believed when there is room.
        Assert.True(SpinWait.SpinUntil(() => session.GetProgress().Running == 0, Patience));
        File.Delete(ballast);
        var results = new List<TestResult>();
        Take(session, results, 2);
        Assert.True(session.WaitForEnd(Patience));
        Assert.Equal([Causes.NotApplicable, Causes.ExitCode], results.OrderBy(r => r.Index).Select(r => r.Cause));
        Assert.All(results, r => Assert.Equal(2, r.Attempt));
        signals.Delete(recursive: true);
    }

    [Fact]
    public void Thirty_shutdowns_of_a_real_file_system_lose_nothing_that_was_acknowledged()
    {
        using var disk = RealDisk.Ext4();
        var (lost, acknowledged) = ShutDown(disk, DiskFiles.Instance, rounds: 30, untilLost: false);
        output.WriteLine($"{acknowledged} results acknowledged");
        Assert.Equal(0, lost);
        Assert.True(acknowledged > 30);
    }

    /// <summary>The shutdowns have teeth: this file system does lose what an fsync alone said was safe.</summary>
    [Fact]
    public void Without_the_question_after_the_flush_a_shutdown_loses_what_was_acknowledged()
    {
        using var disk = RealDisk.Ext4();
        var (lost, acknowledged) = ShutDown(disk, new FilesWithoutProbe(), rounds: 150, untilLost: true);
        output.WriteLine($"{acknowledged} results acknowledged, {lost} lost");
        Assert.SkipWhen(lost == 0, "This kernel's ext4 did not lie once in 150 shutdowns; then the question has nothing to find.");
    }

    private static (int Lost, int Acknowledged) ShutDown(RealDisk disk, IStoreFiles files, int rounds, bool untilLost)
    {
        var (lost, total) = (0, 0);
        var plan = new FakePlan(20_000);
        for (var round = 1; round <= rounds && (lost == 0 || !untilLost); round++)
        {
            var folder = new RunFolder(Path.Combine(disk.MountPoint, "run"));
            Directory.CreateDirectory(folder.FullPath);
            var acknowledged = Write(disk, folder, files, plan, new Random(round));
            disk.Unmount();
            disk.Mount();
            var found = Recovery.Open(folder, DiskFiles.Instance, plan).Outcomes;
            lost += acknowledged.Count(index => found[index] == 0);
            total += acknowledged.Count;
            Directory.Delete(folder.FullPath, recursive: true);
        }

        return (lost, total);
    }

    /// <summary>Groups of results as fast as they go, until the file system is gone; returns those that were acknowledged.</summary>
    private static List<int> Write(RealDisk disk, RunFolder folder, IStoreFiles files, FakePlan plan, Random chance)
    {
        var acknowledged = new List<int>();
        var state = Recovery.Open(folder, DiskFiles.Instance, plan);
        using var log = new JournalLog(folder, files, new JournalOptions
        {
            BatchId = plan.BatchId, Schema = plan.Schema, Session = new SessionRecord(1, FakePlan.Start, "{}"), Open = state.Open, ResultsPerFile = 200,
        });
        using var going = new ManualResetEventSlim();
        var wait = TimeSpan.FromMilliseconds(chance.Next(5, 60));
        var power = new Thread(() =>
        {
            going.Wait(Patience);
            Thread.Sleep(wait);
            disk.ShutDown();
        });
        power.Start();
        try
        {
            for (var index = 0; index < plan.Count;)
            {
                JournalRecord[] group = [.. Enumerable.Range(index, Math.Min(chance.Next(1, 8), plan.Count - index)).Select(i => new ResultRecord(plan.Result(i)))];
                log.Write(group);
                log.Flush(group);
                acknowledged.AddRange(Enumerable.Range(index, group.Length));
                index += group.Length;
                going.Set();
            }
        }
        catch (IOException)
        {
            // The file system is gone.
        }

        Assert.True(power.Join(Patience));
        return acknowledged;
    }

    private static void Take(BatchSession session, List<TestResult> results, int count)
    {
        while (results.Count < count)
        {
            Assert.True(session.Results.TryTake(out var result, Patience), $"{results.Count} of {count} results came.");
            results.Add(result!);
        }
    }

    private static void Fill(string path)
    {
        using var file = File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write);
        var block = new byte[1 << 16];
        for (var (size, at) = (block.Length, 0L); size > 0;)
        {
            try
            {
                RandomAccess.Write(file, block.AsSpan(0, size), at);
                at += size;
            }
            catch (IOException)
            {
                size /= 2;
            }
        }
    }

    /// <summary>The real disk, but that its flush believes fsync.</summary>
    private sealed class FilesWithoutProbe : IStoreFiles
    {
        private static readonly DiskFiles Disk = DiskFiles.Instance;

        public void CreateFolder(string path) => Disk.CreateFolder(path);

        public IAppendFile Create(string path) => new File(path);

        public Stream OpenRead(string path) => Disk.OpenRead(path);

        public IReadFile Open(string path) => Disk.Open(path);

        public void FlushFile(string path) => Disk.FlushFile(path);

        public void FlushFolder(string path) => Disk.FlushFolder(path);

        public void Rename(string path, string newPath) => Disk.Rename(path, newPath);

        public void Delete(string path) => Disk.Delete(path);

        public IReadOnlyList<string> List(string folder) => Disk.List(folder);

        private sealed class File(string path) : IAppendFile
        {
            private readonly SafeFileHandle _handle = System.IO.File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite);

            public long Length { get; private set; }

            public void Write(ReadOnlySpan<byte> bytes)
            {
                DiskCalls.Write(_handle, path, bytes, Length);
                Length += bytes.Length;
            }

            public void Flush() => DiskCalls.Flush(_handle, path);

            public void Dispose() => _handle.Dispose();
        }
    }
}
