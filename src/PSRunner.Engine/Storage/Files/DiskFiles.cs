using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>The machine's own disk.</summary>
internal sealed class DiskFiles : IStoreFiles
{
    private DiskFiles()
    {
    }

    /// <summary>The only one.</summary>
    public static DiskFiles Instance { get; } = new();

    /// <inheritdoc/>
    public void CreateFolder(string path) => Try("create the folder", path, () => Directory.CreateDirectory(path));

    /// <inheritdoc/>
    public IAppendFile Create(string path) => Try("create", path, () => new DiskAppendFile(path));

    /// <inheritdoc/>
    public Stream OpenRead(string path) => Try(
        "read",
        path,
        () => new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1 << 16, FileOptions.SequentialScan));

    /// <inheritdoc/>
    public IReadFile Open(string path) => Try("read", path, () => new DiskReadFile(path));

    /// <inheritdoc/>
    public void FlushFile(string path) => Try("flush", path, () =>
    {
        // Windows flushes only through a handle that may write.
        var access = OperatingSystem.IsWindows() ? FileAccess.ReadWrite : FileAccess.Read;
        using var handle = File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
        DiskCalls.Flush(handle, path);
        return true;
    });

    /// <inheritdoc/>
    public void FlushFolder(string path) => DiskCalls.FlushFolder(path);

    /// <inheritdoc/>
    public void Rename(string path, string newPath) => DiskCalls.Rename(path, newPath);

    /// <inheritdoc/>
    public void Delete(string path) => Try("delete", path, () =>
    {
        if (File.Exists(path))
        {
            File.Delete(path);
        }

        return true;
    });

    /// <inheritdoc/>
    public IReadOnlyList<string> List(string folder) => Try<IReadOnlyList<string>>("list", folder, () => Directory.Exists(folder)
        ? [.. Directory.EnumerateFiles(folder).Select(p => Path.GetFileName(p)).Order(StringComparer.Ordinal)]
        : []);

    /// <summary>.NET says "access denied" with an exception that is no IOException; here every refusal is one.</summary>
    private static T Try<T>(string action, string path, Func<T> call)
    {
        try
        {
            return call();
        }
        catch (Exception e) when (e is not (FileNotFoundException or DirectoryNotFoundException or StoreException)
            && e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException(action, path, e.Message.TrimEnd('.'), inner: e);
        }
    }

    private sealed class DiskReadFile(string path) : IReadFile
    {
        private readonly SafeFileHandle _handle = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.Read | FileShare.Delete);

        public int Read(Span<byte> bytes, long place)
        {
            try
            {
                return RandomAccess.Read(_handle, bytes, place);
            }
            catch (IOException e)
            {
                throw new StoreException("read", path, e.Message.TrimEnd('.'), inner: e);
            }
        }

        public void Dispose() => _handle.Dispose();
    }

    private sealed class DiskAppendFile(string path) : IAppendFile
    {
        private readonly SafeFileHandle _handle =
            File.OpenHandle(path, FileMode.CreateNew, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);

        public long Length { get; private set; }

        public void Write(ReadOnlySpan<byte> bytes)
        {
            DiskCalls.Write(_handle, path, bytes, Length);
            Length += bytes.Length;
        }

        public void Flush()
        {
            DiskCalls.Flush(_handle, path);
            DiskCalls.Probe(_handle, path);
        }

        public void Dispose() => _handle.Dispose();
    }
}
