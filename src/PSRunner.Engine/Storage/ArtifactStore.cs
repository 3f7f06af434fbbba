using System.IO.Hashing;

namespace PSRunner.Engine.Storage;

/// <summary>Keeps the files of attempts. They are on the device before a record names them.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="durability">Whether to flush.</param>
internal sealed class ArtifactStore(RunFolder folder, IStoreFiles files, Durability durability)
{
    /// <summary>Writes one file into the folder of an attempt; one that is there is replaced. From any thread.</summary>
    /// <param name="artifactPath">The attempt's folder, of <see cref="RunFolder.ArtifactPath"/>.</param>
    /// <param name="fileName">A plain file name.</param>
    /// <param name="content">The bytes.</param>
    /// <exception cref="IOException">It could not be kept.</exception>
    public StoredArtifact Write(string artifactPath, string fileName, ReadOnlySpan<byte> content)
    {
        var attempt = Path.Combine(folder.FullPath, artifactPath.Replace('/', Path.DirectorySeparatorChar));
        files.CreateFolder(attempt);
        var path = Path.Combine(attempt, fileName);
        files.Delete(path);
        using (var file = files.Create(path))
        {
            file.Write(content);
            if (durability == Durability.PowerLoss)
            {
                file.Flush();
            }
        }

        if (durability == Durability.PowerLoss)
        {
            // Any of the folders up to artifacts/ may be new.
            for (var above = attempt; above.Length >= folder.ArtifactsFolder.Length; above = Path.GetDirectoryName(above)!)
            {
                files.FlushFolder(above);
            }
        }

        return new StoredArtifact(fileName, content.Length, Convert.ToHexStringLower(XxHash128.Hash(content)));
    }
}
