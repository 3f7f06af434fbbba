namespace PSRunner.Engine.Storage;

/// <summary>What the store does with files in more than one place.</summary>
internal static class StoreFilesExtensions
{
    /// <summary>The ending of files that do not count yet; recovery removes what a crash left of them.</summary>
    public const string TemporarySuffix = ".tmp";

    /// <summary>Replaces a small file atomically: written beside, flushed, renamed, and the folder flushed.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="path">The file.</param>
    /// <param name="content">Its new content.</param>
    /// <param name="durable">False for a snapshot that a power cut may take: then nothing is flushed.</param>
    public static void Replace(this IStoreFiles files, string path, ReadOnlySpan<byte> content, bool durable = true)
    {
        var temporary = path + TemporarySuffix;
        files.Delete(temporary);
        using (var file = files.Create(temporary))
        {
            file.Write(content);
            if (durable)
            {
                file.Flush();
            }
        }

        files.Rename(temporary, path);
        if (durable)
        {
            files.FlushFolder(Path.GetDirectoryName(path)!);
        }
    }

    /// <summary>Reads a small file; null when it is not there.</summary>
    public static byte[]? TryReadAll(this IStoreFiles files, string path)
    {
        using var stream = files.TryOpenRead(path);
        if (stream is null)
        {
            return null;
        }

        using var bytes = new MemoryStream(checked((int)stream.Length));
        stream.CopyTo(bytes);
        return bytes.ToArray();
    }

    /// <summary>Opens a file to be read; null when it is not there.</summary>
    public static Stream? TryOpenRead(this IStoreFiles files, string path)
    {
        try
        {
            return files.OpenRead(path);
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            return null;
        }
    }
}
