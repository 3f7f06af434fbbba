using System.Globalization;

namespace PSRunner.Engine.Storage;

/// <summary>Where things lie in the folder of one batch. RUNFOLDER.md says what they mean.</summary>
public sealed class RunFolder
{
    private const string PartPrefix = "part-";

    /// <param name="path">The folder; needs not exist.</param>
    public RunFolder(string path)
    {
        FullPath = Path.TrimEndingDirectorySeparator(Path.GetFullPath(path));
        Id = Path.GetFileName(FullPath);
    }

    /// <summary>The folder, a full path.</summary>
    public string FullPath { get; }

    /// <summary>The folder's name; the batch's id.</summary>
    public string Id { get; }

    /// <summary>The frozen plan, one case a line.</summary>
    public string PlanFile => In("plan.jsonl");

    /// <summary>What was asked. Without it there is no batch.</summary>
    public string BatchFile => In("batch.json");

    /// <summary>The live snapshot.</summary>
    public string StatusFile => In("status.json");

    /// <summary>The file whose lock makes an owner; never deleted.</summary>
    public string OwnerLockFile => In("owner.lock");

    /// <summary>Who the owner is or was.</summary>
    public string OwnerFile => In("owner.json");

    /// <summary>Who guards a detached batch.</summary>
    public string GuardianFile => In("guardian.json");

    /// <summary>Results as they end.</summary>
    public string JournalFolder => In("journal");

    /// <summary>The same results as Parquet, one row a case.</summary>
    public string ResultsFolder => In("results");

    /// <summary>Rows that a case run again has replaced.</summary>
    public string AttemptsFolder => In("attempts");

    /// <summary>Transcripts and outputs.</summary>
    public string ArtifactsFolder => In("artifacts");

    /// <summary>Working folders of attempts; only what tests that did not pass left there outlives them.</summary>
    public string ScratchFolder => In("scratch");

    /// <summary>Commands from other shells.</summary>
    public string ControlFolder => In("control");

    /// <summary>Texts that many cases share, by hash.</summary>
    public string ResourcesFolder => In("resources");

    /// <summary>A journal file by number, from 1.</summary>
    public string JournalFile(int number) => Path.Combine(JournalFolder, Number(number) + ".jsonl");

    /// <summary>The part that holds the same results as a journal file.</summary>
    public string PartFile(int number) => Path.Combine(ResultsFolder, PartPrefix + Number(number) + ".parquet");

    /// <summary>The rows that were taken out of a part.</summary>
    public string ReplacedFile(int number) => Path.Combine(AttemptsFolder, PartPrefix + Number(number) + ".parquet");

    /// <summary>Lengths and hashes of the artifacts that a sealed journal file named.</summary>
    public string ArtifactList(int number) => Path.Combine(ArtifactsFolder, PartPrefix + Number(number) + ".jsonl");

    /// <summary>A shared text by its hash.</summary>
    public string ResourceFile(string hash) => Path.Combine(ResourcesFolder, hash + ".json");

    /// <summary>The folder of an attempt's artifacts, relative to the run folder, with forward slashes.</summary>
    /// <param name="caseId">The case's id.</param>
    /// <param name="session">The session's number.</param>
    /// <param name="attempt">The attempt's number.</param>
    public static string ArtifactPath(string caseId, int session, int attempt) =>
        string.Create(CultureInfo.InvariantCulture, $"artifacts/{caseId[..2]}/{caseId}/{session}-{attempt}");

    /// <summary>The number of a journal file or part by its file name; 0 when the name is neither's.</summary>
    internal static int NumberOf(string fileName)
    {
        var stem = Path.GetExtension(fileName) switch
        {
            ".jsonl" => Path.GetFileNameWithoutExtension(fileName),
            ".parquet" when fileName.StartsWith(PartPrefix, StringComparison.Ordinal) =>
                Path.GetFileNameWithoutExtension(fileName)[PartPrefix.Length..],
            _ => "",
        };
        return stem.Length >= 6 && int.TryParse(stem, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : 0;
    }

    /// <summary>Makes the folder of a new batch with all its folders and the missing ones above it; all their names are on the device then.</summary>
    /// <param name="files">The disk.</param>
    internal void Create(IStoreFiles files)
    {
        var isNew = new List<string>();
        var above = Path.GetDirectoryName(FullPath);
        for (; above is not null && !Directory.Exists(above); above = Path.GetDirectoryName(above))
        {
            isNew.Add(above);
        }

        CreateFolders(files);
        foreach (var path in above is null ? isNew : [.. isNew, above])
        {
            files.FlushFolder(path);
        }
    }

    /// <summary>Makes the folders that are missing and flushes their names.</summary>
    internal void CreateFolders(IStoreFiles files)
    {
        foreach (var path in (string[])[JournalFolder, ResultsFolder, AttemptsFolder, ArtifactsFolder, ControlFolder, ResourcesFolder])
        {
            files.CreateFolder(path);
        }

        if (!OperatingSystem.IsWindows() && Directory.Exists(ControlFolder))
        {
            // Whoever may write here commands the batch.
            File.SetUnixFileMode(ControlFolder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        }

        files.FlushFolder(FullPath);
    }

    private static string Number(int number) => number.ToString("D6", CultureInfo.InvariantCulture);

    private string In(string name) => Path.Combine(FullPath, name);
}
