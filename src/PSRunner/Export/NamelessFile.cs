using System.Security.Cryptography;

namespace PSRunner.Export;

/// <summary>A file without a name, of which nothing is left when it is closed, or when this process is killed.</summary>
internal static class NamelessFile
{
    private const int BufferSize = 1 << 17;

    /// <summary>Makes one.</summary>
    /// <param name="folder">Where it is to lie: where the result will be, since there must be room for that too.</param>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    public static FileStream Create(string folder)
    {
        var path = Path.Combine(folder, $".{RandomNumberGenerator.GetHexString(16, lowercase: true)}.rows.tmp");
        var file = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Delete, BufferSize, FileOptions.DeleteOnClose);
        if (!OperatingSystem.IsWindows())
        {
            // Windows sees to the end of a killed process by itself.
            File.Delete(path);
        }

        return file;
    }

    /// <summary>Closes a file that is wanted no more.</summary>
    public static void Drop(FileStream file)
    {
        try
        {
            file.Dispose();
        }
        catch (IOException)
        {
            // On a full disk what it still held finds no room, and needs none. It is closed all the same.
        }
    }
}
