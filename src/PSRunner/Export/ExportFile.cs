using System.Security.Cryptography;

namespace PSRunner.Export;

/// <summary>A file that appears whole or not at all: written beside under a temporary name, renamed at the end.</summary>
internal sealed class ExportFile : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly string _path;
    private readonly string _temporary;
    private bool _isDone;

    /// <summary>Opens the temporary file.</summary>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    public ExportFile(string path)
    {
        _path = path;
        _temporary = Path.Combine(Path.GetDirectoryName(path)!, $".{Path.GetFileName(path)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp");
        // Written through, so that the name never points at less than the whole content, even after a power cut.
        Stream = new FileStream(_temporary, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.Read, BufferSize, FileOptions.WriteThrough);
        try
        {
            KeepMode(path);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public FileStream Stream { get; }

    // Whoever may not read the old file may not read the new one. Where files have no mode of their own, none is set.
    private void KeepMode(string path)
    {
        if (!OperatingSystem.IsWindows() && File.Exists(path) && File.GetUnixFileMode(path) is var mode && File.GetUnixFileMode(Stream.SafeFileHandle) != mode)
        {
            File.SetUnixFileMode(Stream.SafeFileHandle, mode);
        }
    }

    /// <summary>Begins with what is in the place, whose last line is ended if need be.</summary>
    /// <returns>The old file, locked against others who append until it is closed; null when there is none.</returns>
    /// <exception cref="IOException">Another process appends to it at this moment.</exception>
    public FileStream? TryBeginWithOld()
    {
        if (!File.Exists(_path))
        {
            return null;
        }

        // Delete is shared so that Windows lets the new file take the place of the open one.
        var old = new FileStream(_path, FileMode.Open, FileAccess.Read, OperatingSystem.IsWindows() ? FileShare.Delete : FileShare.None);
        var now = new FileInfo(_path);
        if (now.Length != old.Length || now.LastWriteTimeUtc != File.GetLastWriteTimeUtc(old.SafeFileHandle))
        {
            // Opened before the other one's file took its place, locked after: this one is no longer the one to go on from.
            old.Dispose();
            throw new IOException("Another process has just appended to it.");
        }

        old.CopyTo(Stream);
        if (Stream.Length > 0)
        {
            Stream.Position = Stream.Length - 1;
            if (Stream.ReadByte() != '\n')
            {
                Stream.WriteByte((byte)'\n');
            }
        }

        return old;
    }

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
        if (!_isDone)
        {
            NamelessFile.Drop(Stream);
            File.Delete(_temporary);
        }
    }
}
