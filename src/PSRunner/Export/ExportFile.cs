using System.Security.Cryptography;

namespace PSRunner.Export;

/// <summary>A file that appears whole or not at all: written beside under a temporary name, renamed at the end.</summary>
internal sealed class ExportFile : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly string _path;
    private readonly string _temporary;
    private bool _isDone;

    /// <summary>Opens the temporary file, which proves that the folder can be written before anything expensive begins.</summary>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    public ExportFile(string path)
    {
        _path = path;
        _temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp");
        // Written through, so that the name never points at less than the whole content, even after a power cut.
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, BufferSize, FileOptions.WriteThrough);
    }

    public FileStream Stream { get; }

    /// <summary>Puts the file in its place, over whatever is there.</summary>
    public void Commit()
    {
        Stream.Dispose();
        if (File.Exists(_path))
        {
            File.SetAttributes(_path, File.GetAttributes(_path) & ~FileAttributes.ReadOnly);
        }

        File.Move(_temporary, _path, overwrite: true);
        _isDone = true;
    }

    public void Dispose()
    {
        Stream.Dispose();
        if (!_isDone)
        {
            File.Delete(_temporary);
        }
    }
}
