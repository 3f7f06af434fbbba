using System.Collections.Concurrent;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>
/// A disk in memory that knows what it would lose: bytes that were not flushed, names whose folder was not flushed. Any
/// operation can be made to fail, or to be the last before the power goes. The power cut is FoundationDB's (AsyncFileNonDurable):
/// every sector and every name that was not forced goes its own way.
/// </summary>
internal sealed class MemoryFiles : IStoreFiles
{
    private const int Sector = 512;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Node> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<string, Node> _durableNames = new(StringComparer.Ordinal);
    private readonly List<NameChange> _unflushed = [];
    private int _operations;

    /// <summary>Called before every operation, with its number from 1 and its words; throws to make it fail.</summary>
    public Action<int, string> Before { get; set; } = static (_, _) => { };

    /// <summary>What this disk says it did and did not; for the proof that tests would notice.</summary>
    public Lie Lies { get; init; }

    /// <summary>Operations so far.</summary>
    public int Operations => _operations;

    /// <summary>Every operation in order.</summary>
    public ConcurrentQueue<string> Log { get; } = new();

    /// <summary>True for the words of an operation that changes nothing.</summary>
    public static bool OnlyReads(string words) => words.StartsWith("open ", StringComparison.Ordinal)
        || words.StartsWith("read ", StringComparison.Ordinal) || words.StartsWith("list ", StringComparison.Ordinal);

    public void CreateFolder(string path)
    {
        lock (_gate)
        {
            if (_names.ContainsKey(path))
            {
                return;
            }
        }

        Enter("create folder", path);
        lock (_gate)
        {
            // Folders above the first one that was made here are taken as given.
            var missing = new Stack<string>([path]);
            for (var above = Path.GetDirectoryName(path); above is not null && IsInside(above); above = Path.GetDirectoryName(above))
            {
                if (!_names.ContainsKey(above))
                {
                    missing.Push(above);
                }
            }

            foreach (var folder in missing)
            {
                Change(new NameChange(null, folder, new Node { IsFolder = true }));
            }
        }
    }

    public IAppendFile Create(string path)
    {
        Enter("create", path);
        lock (_gate)
        {
            var node = new Node();
            if (_names.ContainsKey(path))
            {
                throw new IOException($"'{path}' is there.");
            }

            Change(new NameChange(null, path, node));
            return new Writer(this, path, node);
        }
    }

    public Stream OpenRead(string path)
    {
        Enter("open", path);
        lock (_gate)
        {
            return _names.TryGetValue(path, out var node)
                ? new Reader(this, path, [.. node.Bytes])
                : throw new FileNotFoundException("There is no such file.", path);
        }
    }

    public IReadFile Open(string path) => throw new NotSupportedException("No plan lies in memory.");

    public void FlushFile(string path)
    {
        Enter("flush", path);
        lock (_gate)
        {
            Force(_names[path]);
        }
    }

    public void FlushFolder(string path)
    {
        Enter("flush folder", path);
        lock (_gate)
        {
            if (Lies == Lie.FolderFlush)
            {
                return;
            }

            foreach (var change in _unflushed.Where(change => Path.GetDirectoryName(change.Path) == path).ToArray())
            {
                if (Lies == Lie.Deletion && change.Given is null)
                {
                    continue;
                }

                change.Apply(_durableNames);
                _unflushed.RemoveAll(earlier => earlier == change || (earlier.Given is null && earlier.Removed == change.Given));
            }
        }
    }

    public void Rename(string path, string newPath)
    {
        Enter("rename", newPath);
        lock (_gate)
        {
            Change(new NameChange(path, newPath, _names.GetValueOrDefault(path) ?? throw new IOException($"'{path}' is not there.")));
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
            Change(new NameChange(path, null, null));
        }
    }

    public IReadOnlyList<string> List(string folder)
    {
        Enter("list", folder);
        lock (_gate)
        {
            return [.. _names.Where(pair => !pair.Value.IsFolder && Path.GetDirectoryName(pair.Key) == folder)
                .Select(pair => Path.GetFileName(pair.Key)).Order(StringComparer.Ordinal)];
        }
    }

    /// <summary>What a new process finds after a kill: everything that was written, and it can still be lost.</summary>
    public MemoryFiles AfterKill()
    {
        lock (_gate)
        {
            var copy = new MemoryFiles { Lies = Lies };
            var nodes = _names.Values.Concat(_durableNames.Values).Concat(_unflushed.Select(change => change.Added)).OfType<Node>()
                .Distinct().ToDictionary(node => node, node => new Node { Bytes = [.. node.Bytes], Durable = node.Durable, IsFolder = node.IsFolder });
            foreach (var (name, node) in _names)
            {
                copy._names[name] = nodes[node];
            }

            foreach (var (name, node) in _durableNames)
            {
                copy._durableNames[name] = nodes[node];
            }

            copy._unflushed.AddRange(_unflushed.Select(change => change with { Added = change.Added is { } node ? nodes[node] : null }));
            return copy;
        }
    }

    /// <summary>
    /// What is found after a power cut: flushed bytes and names for sure. Each other sector is there, half there, or not at
    /// all, and then something old may stand in its place; each other change of a name happened or did not.
    /// </summary>
    public MemoryFiles AfterPowerCut(Random chance)
    {
        lock (_gate)
        {
            var names = new Dictionary<string, Node>(_durableNames, StringComparer.Ordinal);
            foreach (var change in _unflushed.Where(_ => chance.Next(2) == 0))
            {
                change.Apply(names);
            }

            var old = names.Values.Where(node => node.Bytes.Count > Sector).ToArray();
            var copy = new MemoryFiles { Lies = Lies };
            foreach (var (name, node) in names.OrderBy(pair => pair.Key, StringComparer.Ordinal))
            {
                // A file whose folder is gone is gone.
                if (!IsReachable(name, names))
                {
                    continue;
                }

                copy.Put(name, node.IsFolder ? [] : Cut(node, chance, old), node.IsFolder);
            }

            return copy;
        }
    }

    /// <summary>The bytes of a file, for tests that damage it.</summary>
    public byte[] Read(string path) => [.. _names[path].Bytes];

    /// <summary>Puts a file there, durable.</summary>
    public void Put(string path, byte[] bytes) => Put(path, bytes, isFolder: false);

    private void Put(string path, byte[] bytes, bool isFolder) =>
        _names[path] = _durableNames[path] = new Node { Bytes = [.. bytes], Durable = bytes.Length, IsFolder = isFolder };

    private static byte[] Cut(Node node, Random chance, Node[] old)
    {
        var bytes = node.Bytes.ToArray();
        var kept = node.Durable;
        for (var start = node.Durable / Sector * Sector; start < bytes.Length; start += Sector)
        {
            var from = Math.Max(start, node.Durable);
            var end = Math.Min(start + Sector, bytes.Length);
            var fate = chance.Next(3);
            var good = fate == 0 ? end : fate == 1 ? chance.Next(from, end) : from;
            Leftover(bytes.AsSpan(good, end - good), chance, old);
            kept = good > from ? end : kept;
        }

        // The length is one more thing that may not have been written.
        return chance.Next(3) switch { 0 => bytes, 1 => bytes[..kept], _ => bytes[..chance.Next(node.Durable, bytes.Length + 1)] };
    }

    // What stands in a block that was given to the file and not written: mostly zeros, or what another file left there.
    private static void Leftover(Span<byte> place, Random chance, Node[] old)
    {
        switch (chance.Next(4))
        {
            case 0:
                chance.NextBytes(place);
                break;
            case 1 when old.Length > 0:
                var other = old[chance.Next(old.Length)].Bytes;
                var at = chance.Next(other.Count - place.Length + 1);
                other.GetRange(at, place.Length).CopyTo(place);
                break;
            default:
                place.Clear();
                break;
        }
    }

    // Nobody made the run folder itself here: it is taken as given, and so is what lies outside.
    private bool IsInside(string folder) =>
        _names.Any(pair => pair.Value.IsFolder && (pair.Key == folder || folder.StartsWith(pair.Key + Path.DirectorySeparatorChar, StringComparison.Ordinal)));

    private bool IsReachable(string name, Dictionary<string, Node> names)
    {
        for (var above = Path.GetDirectoryName(name); above is not null; above = Path.GetDirectoryName(above))
        {
            if (_names.GetValueOrDefault(above) is { IsFolder: true } && !names.ContainsKey(above))
            {
                return false;
            }
        }

        return true;
    }

    private void Change(NameChange change)
    {
        change.Apply(_names);
        _unflushed.Add(change);
    }

    private void Force(Node node)
    {
        if (Lies != Lie.FileFlush)
        {
            node.Durable = node.Bytes.Count;
        }
    }

    private void Enter(string operation, string path)
    {
        var words = operation + " " + Path.GetFileName(path);
        Log.Enqueue(words);
        Before(Interlocked.Increment(ref _operations), words);
    }

    /// <summary>What the disk only pretends to do.</summary>
    public enum Lie
    {
        Nothing,
        FileFlush,
        FolderFlush,
        Deletion,
    }

    private sealed class Node
    {
        public List<byte> Bytes { get; init; } = [];

        public int Durable { get; set; }

        public bool IsFolder { get; init; }
    }

    /// <summary>A name taken away, a name given, or, when a file is renamed, both at once.</summary>
    private sealed record NameChange(string? Removed, string? Given, Node? Added)
    {
        public string Path => Given ?? Removed!;

        public void Apply(Dictionary<string, Node> names)
        {
            if (Removed is not null)
            {
                names.Remove(Removed);
            }

            if (Given is not null)
            {
                names[Given] = Added!;
            }
        }
    }

    private sealed class Reader(MemoryFiles files, string path, byte[] bytes) : MemoryStream(bytes, writable: false)
    {
        // Reading into a span comes here too, as with every class derived from MemoryStream.
        public override int Read(byte[] buffer, int offset, int count)
        {
            files.Enter("read", path);
            return base.Read(buffer, offset, count);
        }
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
                files.Force(node);
            }
        }

        public void Dispose()
        {
        }
    }
}
