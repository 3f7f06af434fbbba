using System.IO.Hashing;

namespace PSRunner.Engine.Storage;

/// <summary>Compares the files of attempts with what the journal said of them when they were written.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="report">Where findings go.</param>
internal sealed class ArtifactAudit(RunFolder folder, IStoreFiles files, AuditReport report)
{
    private readonly string _remedy =
        $"Put the file back from a copy, or run its case again with Resume-TestBatch '{folder.Id}' -RetryOutcome; the result itself is whole.";

    /// <summary>Checks length and hash of files.</summary>
    public void Check(IEnumerable<ListedArtifact> artifacts)
    {
        foreach (var artifact in artifacts)
        {
            var path = FullPath(artifact.Path);
            if (ProblemOf(path, artifact) is { } problem)
            {
                report.Error(path, $"The artifact {problem}.", _remedy);
            }
        }
    }

    /// <summary>Checks that the folder which a result names, and of whose files nothing is known, is there.</summary>
    /// <param name="index">The case.</param>
    /// <param name="artifactPath">The folder, as the result has it; empty: none.</param>
    public void CheckFolder(int index, string artifactPath)
    {
        if (artifactPath.Length > 0 && files.List(FullPath(artifactPath)).Count == 0)
        {
            report.Error(FullPath(artifactPath), $"The artifacts of case {index} are missing.", _remedy);
        }
    }

    private string? ProblemOf(string path, ListedArtifact artifact)
    {
        using var stream = files.TryOpenRead(path);
        if (stream is null)
        {
            return "is missing";
        }

        if (stream.Length != artifact.Length)
        {
            return $"has {stream.Length} bytes instead of {artifact.Length}";
        }

        var hash = new XxHash128();
        hash.Append(stream);
        return Convert.ToHexStringLower(hash.GetCurrentHash()) == artifact.Hash ? null : "is not the one that was written: its hash does not match";
    }

    private string FullPath(string relative) => Path.Combine(folder.FullPath, relative.Replace('/', Path.DirectorySeparatorChar));
}
