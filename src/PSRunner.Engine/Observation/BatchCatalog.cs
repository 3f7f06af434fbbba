using System.IO.Enumeration;
using PSRunner.Engine.Detached;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Observation;

/// <summary>What batches there are, seen from any process. Reads only batch.json, status.json, owner.json and guardian.json.</summary>
public static class BatchCatalog
{
    /// <summary>True when a name is a pattern (<c>*</c>, <c>?</c>).</summary>
    public static bool IsPattern(string name) => name.AsSpan().IndexOfAny('*', '?') >= 0;

    /// <summary>Every run folder under a root and in the user's index, newest first, each once.</summary>
    /// <param name="root">The folder in which batches are looked for beside the index; need not exist.</param>
    public static IReadOnlyList<string> RunFolders(string root) =>
        [.. NewestFirst(UserIndex.RunFolders().Concat(Expand(root)).Where(IsRunFolder)
            .Select(Path.TrimEndingDirectorySeparator)
            .Distinct(StringComparer.Ordinal))];

    /// <summary>The run folders that a name means, newest first: a label, an id, its last four digits, or a pattern of these.</summary>
    public static IReadOnlyList<string> Find(string name, string root)
    {
        var all = RunFolders(root);
        return IsPattern(name)
            ? [.. all.Where(f => FileSystemName.MatchesSimpleExpression(name, LabelOf(f)) || FileSystemName.MatchesSimpleExpression(name, Path.GetFileName(f)))]
            : [.. all.Where(f => Same(name, Path.GetFileName(f)) || Same(name, LabelOf(f)) || Same(name, BatchName.ShortOf(Path.GetFileName(f))))];
    }

    /// <summary>A run folder itself, or the run folders in a root, newest first.</summary>
    public static IReadOnlyList<string> Expand(string path) =>
        IsRunFolder(path) ? [path]
        : Directory.Exists(path) ? [.. NewestFirst(Directory.EnumerateDirectories(path).Where(IsRunFolder))]
        : [];

    /// <summary>The labels of the newest batches, each once.</summary>
    public static IReadOnlyList<string> NewestNames(string root, int most) =>
        [.. RunFolders(root).Select(LabelOf).Distinct(StringComparer.OrdinalIgnoreCase).Take(most)];

    /// <summary>A batch as it lies there.</summary>
    /// <param name="runFolder">A run folder, a full path.</param>
    /// <exception cref="TestBatchException">There is no batch, or its batch.json cannot be read.</exception>
    public static TestProgress Read(string runFolder)
    {
        var folder = new RunFolder(runFolder);
        var manifest = BatchManifest.Read(folder.BatchFile);

        // In this order: an owner writes its last status before it goes, so without an owner what is read here is the last.
        var owner = OwnerInfo.Read(DiskFiles.Instance, folder);
        var alive = owner?.Judge(folder) == OwnerState.Alive;
        var guardian = GuardianInfo.TryRead(folder);
        var guarded = guardian?.IsAlive(folder) == true;
        var progress = StatusDocument.TryRead(folder.StatusFile)?.Progress;
        var state = progress?.State switch
        {
            // A live owner that has not written its first status yet.
            null => alive || guarded ? BatchStates.Running : BatchStates.Lost,
            BatchStates.Running or BatchStates.Suspended when !alive => guarded ? BatchStates.Running : BatchStates.Lost,
            var said => said,
        };
        progress ??= new TestProgress();
        progress = progress with
        {
            Name = BatchName.LabelOf(manifest.Id),
            Id = manifest.Id,
            State = state,
            Planned = manifest.Planned,
            StartedAt = manifest.StartedAt,
            RunFolder = folder.FullPath,
            ProcessId = owner?.ProcessId ?? 0,
        };
        return alive ? progress with
        {
            // A word of the batch itself goes first; who took it over from its guardian owes that nothing.
            Message = progress.Message.Length > 0 || guardian?.Child != owner!.ProcessId ? progress.Message
                : guarded ? guardian.Message
                : $"Its guardian (process {guardian.Process.ProcessId}) is gone: nobody starts it again should it die.",
        }
        : progress with
        {
            Message = state == BatchStates.Lost ? HowItWasLost(guardian)
                : guarded && state == BatchStates.Running ? guardian!.Message
                : progress.Message,
            Running = 0,
            Pending = manifest.Planned - progress.Done,
            Unsaved = 0,
            Rate = double.NaN,
            LeftSeconds = double.NaN,
            SlowestRunning = "",
            Gate = "",
            Zombies = 0,
        };
    }

    // Its last word on a restart is no longer true when the guardian is gone too.
    private static string HowItWasLost(GuardianInfo? guardian) => guardian switch
    {
        null => "Its process is gone without having closed it.",
        { GaveUp: true } => guardian.Message,
        _ => "Its process and its guardian are gone without having closed it.",
    };

    // An id tells the second; of the batches of one second the file times tell which came later.
    private static IOrderedEnumerable<string> NewestFirst(IEnumerable<string> folders) => folders
        .OrderByDescending(f => BatchName.TimeOf(Path.GetFileName(f)), StringComparer.Ordinal)
        .ThenByDescending(f => File.GetLastWriteTimeUtc(new RunFolder(f).BatchFile));

    private static bool IsRunFolder(string path) => File.Exists(new RunFolder(path).BatchFile);

    private static string LabelOf(string runFolder) => BatchName.LabelOf(Path.GetFileName(runFolder));

    private static bool Same(string left, string right) => string.Equals(left, right, StringComparison.OrdinalIgnoreCase);
}
