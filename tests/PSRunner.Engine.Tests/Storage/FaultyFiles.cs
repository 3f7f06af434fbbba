using System.Collections.Concurrent;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>The machine's own disk, of which any operation can be made to fail, or not to return.</summary>
internal sealed class FaultyFiles : IStoreFiles
{
    private static readonly DiskFiles Disk = DiskFiles.Instance;
    private readonly ConcurrentDictionary<string, int> _seen = new(StringComparer.Ordinal);

    /// <summary>Called before every operation, with its words and how often they were said (from 1); throws to make it fail.</summary>
    public Action<string, int> Before { get; set; } = static (_, _) => { };

    /// <summary>All operations, as words and their number.</summary>
    public ConcurrentQueue<(string Words, int Time)> Log { get; } = new();

    public void CreateFolder(string path) => Do("create folder", path, () => Disk.CreateFolder(path));

    public IAppendFile Create(string path)
    {
        Enter("create", path);
        return new Writer(this, path, Disk.Create(path));
    }

    public Stream OpenRead(string path)
    {
        Enter("open", path);
        return Disk.OpenRead(path);
    }

    public IReadFile Open(string path)
    {
        Enter("open", path);
        return new PlaceReader(this, path, Disk.Open(path));
    }

    public void FlushFile(string path) => Do("flush", path, () => Disk.FlushFile(path));

    public void FlushFolder(string path) => Do("flush folder", path, () => Disk.FlushFolder(path));

    public void Rename(string path, string newPath) => Do("rename", newPath, () => Disk.Rename(path, newPath));

    public void Delete(string path) => Do("delete", path, () => Disk.Delete(path));

    public IReadOnlyList<string> List(string folder)
    {
        Enter("list", folder);
        return Disk.List(folder);
    }

    /// <summary>The errors that this operation can meet on a real disk, as the store sees them; of a write also one that took half.</summary>
    public static IReadOnlyList<string> ErrorsOf(string words) => words.Split(' ')[0] switch
    {
        "write" => ["ENOSPC", "EIO", "short"],
        "flush" => ["EIO"],
        "create" => ["ENOSPC", "EROFS", "EMFILE"],
        "open" or "list" => ["EIO", "EMFILE"],
        "read" => ["EIO"],
        _ => ["EROFS"],
    };

    private void Do(string operation, string path, Action action)
    {
        Enter(operation, path);
        action();
    }

    private void Enter(string operation, string path)
    {
        var words = $"{operation} {Path.GetFileName(path)}";
        var time = _seen.AddOrUpdate(words, 1, (_, before) => before + 1);
        Log.Enqueue((words, time));
        Before(words, time);
    }

    private sealed class PlaceReader(FaultyFiles files, string path, IReadFile file) : IReadFile
    {
        public int Read(Span<byte> bytes, long place)
        {
            files.Enter("read", path);
            return file.Read(bytes, place);
        }

        public void Dispose() => file.Dispose();
    }

    private sealed class Writer(FaultyFiles files, string path, IAppendFile file) : IAppendFile
    {
        public long Length => file.Length;

        public void Write(ReadOnlySpan<byte> bytes)
        {
            try
            {
                files.Enter("write", path);
            }
            catch (StoreException e) when (e.Code == "short")
            {
                file.Write(bytes[..(bytes.Length / 2)]);
                throw;
            }

            file.Write(bytes);
        }

        public void Flush()
        {
            files.Enter("flush", path);
            file.Flush();
        }

        public void Dispose() => file.Dispose();
    }
}
