using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage.Audit;

/// <summary>Small stores as real sessions leave them, made once and copied for each test.</summary>
public sealed class AuditStores : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("psrunner-audit-").FullName;
    private readonly Dictionary<string, string> _made = [];
    private int _copies;

    public const string Finished = "finished";
    public const string Stopped = "stopped";
    public const string Killed = "killed";
    public const string Retried = "retried";

    public static IReadOnlyList<string> All { get; } = [Finished, Stopped, Killed, Retried];

    /// <summary>A copy of a store, to be damaged.</summary>
    public string Copy(string kind)
    {
        if (!_made.TryGetValue(kind, out var made))
        {
            _made.Add(kind, made = Make(kind));
        }

        var target = Path.Combine(_root, "copies", $"{++_copies}", Path.GetFileName(made));
        CopyFolder(made, target);
        return target;
    }

    public void Dispose() => Directory.Delete(_root, recursive: true);

    /// <summary>Every file's path and bytes.</summary>
    public static SortedDictionary<string, string> Fingerprint(string folder) => new(
        Directory.EnumerateFiles(folder, "*", SearchOption.AllDirectories).ToDictionary(
            path => path, path => $"{File.GetLastWriteTimeUtc(path):O} {CaseId.Hash(Convert.ToBase64String(File.ReadAllBytes(path)))}"),
        StringComparer.Ordinal);

    private string Make(string kind)
    {
        using var entered = new CountdownEvent(8);
        using var go = new ManualResetEventSlim();
        var executor = new NoopExecutor(async (context, cancellation) =>
        {
            // The last eight cases of an unfinished batch never end by themselves.
            if (kind is Stopped or Killed && context.Case.GetParameters()[0].Value is long and >= 24)
            {
                entered.Signal();
                await Task.Delay(Timeout.Infinite, cancellation);
            }

            return new AttemptReport
            {
                Cause = context.Case.GetParameters()[0].Value is long and < 4 ? Causes.WrongAnswer : Causes.None,
                Score = 1,
                Output = "output",
                Artifacts = context.Case.GetParameters()[0].Value is 0L or 9L
                    ? [new Artifact("log.txt", Encoding.UTF8.GetBytes("log of " + context.Case.Name)), new Artifact("more.txt", new byte[100])] : [],
            };
        });
        var session = Start(executor, kind);
        var folder = session.Batch.RunFolder;
        if (kind is Finished or Retried)
        {
            Drain(session, 32);
            session.WaitForEnd(TimeSpan.FromSeconds(60));
            if (kind == Retried)
            {
                session = BatchSession.Resume(folder, new ResumeOptions { RetryOutcome = [Outcomes.Failed] }, [executor]);
                Drain(session, 4);
                session.WaitForEnd(TimeSpan.FromSeconds(60));
            }

            return folder;
        }

        Drain(session, 24);
        entered.Wait(TimeSpan.FromSeconds(30));
        var killed = Path.Combine(_root, "killed", Path.GetFileName(folder));
        if (kind == Killed)
        {
            SpinWait.SpinUntil(() => BatchCatalog.Read(folder).Done == 24, TimeSpan.FromSeconds(30));

            // What a kill leaves is what lies there now; its owner is a process that is no more.
            CopyFolder(folder, killed);
            (OwnerInfo.Current(new RunFolder(killed), 1) with { ProcessStart = "0" }).Write(DiskFiles.Instance, new RunFolder(killed));
        }

        session.Stop("enough");
        session.WaitForEnd(TimeSpan.FromSeconds(60));
        return kind == Killed ? killed : folder;
    }

    public BatchSession Start(ITestExecutor executor, string name)
    {
        var options = new BatchOptions { Name = name, OutputPath = Path.Combine(_root, "made"), ThrottleLimit = 8 };
        using var builder = new BatchBuilder(options, [executor]);
        var shared = SharedDefinition();
        for (var i = 0; i < 32; i++)
        {
            builder.Add(new TestCase("noop", "case " + i, [new("i", (long)i)]) { Shared = shared });
        }

        return builder.Start();
    }

    private static SharedDefinition SharedDefinition()
    {
        const string Text = "{\"text\":\"many share this\"}";
        return new SharedDefinition(CaseId.Hash(Text), Text);
    }

    public static void Drain(BatchSession session, int count)
    {
        for (var taken = 0; taken < count;)
        {
            taken += session.Results.TryTake(out _, TimeSpan.FromSeconds(30)) ? 1 : throw new TimeoutException($"{taken} of {count} results came.");
        }
    }

    /// <summary>Copies a folder as a user would, though its batch may run; what is only on the way is left out.</summary>
    public static void CopyFolder(string from, string to)
    {
        foreach (var folder in Directory.EnumerateDirectories(from, "*", SearchOption.AllDirectories).Prepend(from))
        {
            Directory.CreateDirectory(Path.Combine(to, Path.GetRelativePath(from, folder)));
        }

        foreach (var file in Directory.EnumerateFiles(from, "*", SearchOption.AllDirectories))
        {
            var target = Path.Combine(to, Path.GetRelativePath(from, file));
            if (Path.GetFileName(file) == "owner.lock")
            {
                File.WriteAllBytes(target, []); // Locked, and empty anyway.
            }
            else if (!file.EndsWith(".tmp", StringComparison.Ordinal))
            {
                File.Copy(file, target);
            }
        }
    }
}
