using System.IO.Hashing;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Storage;

/// <summary>Keeps the files of attempts. They are on the device before a record names them.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="durability">Whether to flush.</param>
internal sealed class ArtifactStore(RunFolder folder, IStoreFiles files, Durability durability)
{
    // Folders right below artifacts/ whose names are on the device: 256 at most.
    private readonly HashSet<string> _known = [];

    /// <summary>Asked before anything is created: <see cref="OwnerLock.Verify"/>.</summary>
    public Action VerifyOwner { get; init; } = static () => { };

    /// <summary>Writes the files of an attempt; what is there of the same name is replaced. From any thread.</summary>
    /// <param name="artifactPath">The attempt's folder, of <see cref="RunFolder.ArtifactPath"/>.</param>
    /// <param name="artifacts">Plain file names and bytes.</param>
    /// <returns>What was written, in the same order, when all of it is on the device.</returns>
    /// <exception cref="IOException">It could not be kept.</exception>
    public StoredArtifact[] Write(string artifactPath, IReadOnlyList<Artifact> artifacts)
    {
        var attempt = Path.Combine(folder.FullPath, artifactPath.Replace('/', Path.DirectorySeparatorChar));
        VerifyOwner();
        files.CreateFolder(attempt);
        foreach (var (name, content) in artifacts)
        {
            var path = Path.Combine(attempt, name);
            files.Delete(path);
            using var file = files.Create(path);
            file.Write(content.Span);
            if (durability == Durability.PowerLoss)
            {
                file.Flush();
            }
        }

        if (durability == Durability.PowerLoss)
        {
            FlushFolders(attempt);
        }

        return [.. artifacts.Select(a => new StoredArtifact(a.FileName, a.Content.Length, Convert.ToHexStringLower(XxHash128.Hash(a.Content.Span))))];
    }

    // From the files upwards. Any of the folders may be new; those of the cases below a known one are.
    private void FlushFolders(string attempt)
    {
        var testCase = Path.GetDirectoryName(attempt)!;
        var group = Path.GetDirectoryName(testCase)!;
        files.FlushFolder(attempt);
        files.FlushFolder(testCase);
        files.FlushFolder(group);
        lock (_known)
        {
            if (_known.Contains(group))
            {
                return;
            }
        }

        files.FlushFolder(folder.ArtifactsFolder);
        lock (_known)
        {
            _known.Add(group);
        }
    }
}
