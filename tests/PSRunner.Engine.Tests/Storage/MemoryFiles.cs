using System.Collections.Concurrent;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// A disk in memory that knows what it would lose: bytes that were not flushed, names whose folder was not flushed. Any
/// operation can be made to fail, or to be the last before the power goes.
/// </summary>
internal sealed class MemoryFiles : IStoreFiles
{
    private readonly Lock _gate = new();
    private Dictionary<string, Node> _names = new(StringComparer.Ordinal);
    private Dictionary<string, Node> _durableNames = new(StringComparer.Ordinal);
    private int _operations;

    /// <summary>Called before every operation that changes something, with its number from 1 and its words; throws to make it fail.</summary>
    public Action<int, string> Before { get; set; } = static (_, _) => { };

    /// <summary>Operations that changed something so far.</summary>
    public int Operations => _operations;

    /// <summary>Every operation in order.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    public void CreateFolder(string path)
    {
    }

    public IAppendFile Create(string path)
    {
        Enter("create", path);
        lock (_gate)
        {
            var node = new Node();
            return _names.TryAdd(path, node) ? new Writer(this, path, node) : throw new IOException($"'{path}' is there.");
        }
    }

    public Stream OpenRead(string path)
    {
        lock (_gate)
        {
            return _names.TryGetValue(path, out var node)
                ? new MemoryStream(node.Bytes.ToArray(), writable: false)
                : throw new FileNotFoundException("There is no such file.", path);
        }
    }

    public void FlushFile(string path)
    {
        Enter("flush", path);
        lock (_gate)
        {
            _names[path].Durable = _names[path].Bytes.Count;
        }
    }

    public void FlushFolder(string path)
    {
        Enter("flush folder", path);
        lock (_gate)
        {
            foreach (var name in _durableNames.Keys.Where(name => Path.GetDirectoryName(name) == path).ToArray())
            {
                _durableNames.Remove(name);
            }

            foreach (var (name, node) in _names.Where(pair => Path.GetDirectoryName(pair.Key) == path))
            {
                _durableNames[name] = node;
            }
        }
    }

    public void Rename(string path, string newPath)
    {
        Enter("rename", newPath);
        lock (_gate)
        {
            _names.Remove(path, out var node);
            _names[newPath] = node ?? throw new IOException($"'{path}' is not there.");
        }
    }

    public void Delete(string path)
    {
        lock (_gate)
        {
            if (!_names.ContainsKey(path))
            {
                return;
            }
        }

        Enter("delete", path);
        lock (_gate)
        {
            _names.Remove(path);
        }
    }

    public IReadOnlyList<string> List(string folder)
    {
        lock (_gate)
        {
            return [.. _names.Keys.Where(name => Path.GetDirectoryName(name) == folder).Select(name => Path.GetFileName(name)).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>What a new process finds after a kill: everything that was written.</summary>
    public MemoryFiles AfterKill() => Copy(_names, node => node.Bytes.Count);

    /// <summary>What is found after a power cut: flushed bytes and names for sure, of the rest what chance leaves.</summary>
    public MemoryFiles AfterPowerCut(Random chance)
    {
        lock (_gate)
        {
            var names = new Dictionary<string, Node>(_durableNames, StringComparer.Ordinal);
            foreach (var (name, node) in _names)
            {
                if (chance.Next(2) == 0)
                {
                    names[name] = node;
                }
            }

            return Copy(names, node => node.Durable + chance.Next(node.Bytes.Count - node.Durable + 1));
        }
    }

    /// <summary>The bytes of a file, for tests that damage it.</summary>
    public byte[] Read(string path) => [.. _names[path].Bytes];

    /// <summary>Puts a file there, durable.</summary>
    public void Put(string path, byte[] bytes) =>
        _names[path] = _durableNames[path] = new Node { Bytes = [.. bytes], Durable = bytes.Length };

    private MemoryFiles Copy(Dictionary<string, Node> names, Func<Node, int> length)
    {
        lock (_gate)
        {
            var copy = new MemoryFiles();
            foreach (var (name, node) in names)
            {
                copy.Put(name, [.. node.Bytes.Take(length(node))]);
            }

            return copy;
        }
    }

    private void Enter(string operation, string path)
    {
        var words = operation + " " + Path.GetFileName(path);
        Log.Enqueue(words);
        Before(Interlocked.Increment(ref _operations), words);
    }

    private sealed class Node
    {
        public List<byte> Bytes { get; init; } = [];

        public int Durable { get; set; }
    }

    private sealed class Writer(MemoryFiles files, string path, Node node) : IAppendFile
    {
        public long Length => node.Bytes.Count;

        public void Write(ReadOnlySpan<byte> bytes)
        {
            try
            {
                files.Enter("write", path);
            }
            catch (IOException)
            {
                lock (files._gate)
                {
                    node.Bytes.AddRange(bytes[..(bytes.Length / 2)]); // A full disk takes what fits.
                }

                throw;
            }

            lock (files._gate)
            {
                node.Bytes.AddRange(bytes);
            }
        }

        public void Flush()
        {
            files.Enter("flush", path);
            lock (files._gate)
            {
                node.Durable = node.Bytes.Count;
            }
        }

        public void Dispose()
        {
        }
    }
}
