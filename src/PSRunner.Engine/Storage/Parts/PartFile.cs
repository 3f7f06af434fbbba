using System.Buffers.Binary;
using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace PSRunner.Engine.Storage;

/// <summary>What a part says of itself in its metadata.</summary>
/// <param name="Batch">The batch's id.</param>
/// <param name="File">The number of the journal file whose results it holds.</param>
/// <param name="Session">The session that wrote that file.</param>
/// <param name="Rows">How many results.</param>
/// <param name="Ids">XxHash128 of the ids in their order.</param>
/// <param name="Complete">False for the part of a file that is still being written.</param>
/// <param name="Artifacts">XxHash128 of <see cref="RunFolder.ArtifactList"/>; empty when there is none.</param>
internal sealed record PartLabel(string Batch, int File, int Session, int Rows, string Ids, bool Complete, string Artifacts = "")
{
    private const string Prefix = "psrunner.";

    /// <summary>What stands before the file's hash of itself: its name as metadata, and the heads of the Thrift fields around it.</summary>
    public static ReadOnlySpan<byte> HashMark => "psrunner.hash\u0018\u0020"u8;

    /// <summary>As metadata.</summary>
    public Dictionary<string, string> ToMetadata() => new()
    {
        [Prefix + "batch"] = Batch,
        [Prefix + "file"] = File.ToString(CultureInfo.InvariantCulture),
        [Prefix + "session"] = Session.ToString(CultureInfo.InvariantCulture),
        [Prefix + "rows"] = Rows.ToString(CultureInfo.InvariantCulture),
        [Prefix + "ids"] = Ids,
        [Prefix + "complete"] = Complete ? "true" : "false",
        [Prefix + "artifacts"] = Artifacts,
        [Prefix + "hash"] = SelfHash.Blank,
    };

    /// <summary>From metadata.</summary>
    /// <exception cref="InvalidDataException">It is no part of ours.</exception>
    public static PartLabel From(IReadOnlyDictionary<string, string> metadata)
    {
        string Text(string name) => metadata.TryGetValue(Prefix + name, out var value) ? value : throw new InvalidDataException($"It has no '{Prefix}{name}'.");
        int Number(string name) => int.Parse(Text(name), CultureInfo.InvariantCulture);
        return new PartLabel(
            Text("batch"), Number("file"), Number("session"), Number("rows"), Text("ids"), Text("complete") == "true",
            metadata.GetValueOrDefault(Prefix + "artifacts") ?? "");
    }

    /// <summary>The label of these rows.</summary>
    public PartLabel Of(IReadOnlyCollection<TestResult> rows) => this with { Rows = rows.Count, Ids = HashOf(rows.Select(row => row.Id)) };

    /// <summary>The hash of ids in their order.</summary>
    public static string HashOf(IEnumerable<string?> ids)
    {
        var hash = new XxHash128();
        Span<byte> ascii = stackalloc byte[64];
        foreach (var id in ids)
        {
            var text = id ?? "";
            hash.Append(text.Length <= ascii.Length ? ascii[..Encoding.ASCII.GetBytes(text, ascii)] : Encoding.ASCII.GetBytes(text));
        }

        return Convert.ToHexStringLower(hash.GetCurrentHash());
    }
}

/// <summary>Writes and reads the Parquet files of a run folder.</summary>
/// <param name="files">The disk.</param>
/// <param name="schema">The columns of the batch.</param>
/// <param name="runFolder">What results show as their run folder.</param>
internal sealed class PartFile(IStoreFiles files, ResultSchema schema, string runFolder)
{
    /// <summary>
    /// Puts a file of these results in place, atomically: written beside, flushed, read back, renamed, the folder flushed.
    /// </summary>
    /// <param name="path">Where.</param>
    /// <param name="results">The rows.</param>
    /// <param name="label">What it says of itself; rows and hash are filled in.</param>
    public void Write(string path, IReadOnlyCollection<TestResult> results, PartLabel label)
    {
        label = label.Of(results);
        var temporary = path + StoreFilesExtensions.TemporarySuffix;
        files.Delete(temporary);
        using (var file = files.Create(temporary))
        {
            using var stream = new AppendStream(file);
            WriteRowsAsync(stream, results, label).Now();
            stream.End(PartLabel.HashMark);
            file.Flush();
        }

        if (Verify(temporary) != label)
        {
            throw new StoreException("verify", temporary, "what was read back is not what was written");
        }

        files.Rename(temporary, path);
        files.FlushFolder(Path.GetDirectoryName(path)!);
    }

    /// <summary>Reads all keys of a file; null when there is none.</summary>
    public (PartLabel Label, ResultKeyRecord[] Keys)? TryReadKeys(string path) =>
        Read(path, async (reader, group) => await reader.ReadKeysAsync(group).ConfigureAwait(false));

    /// <summary>Reads all results of a file; null when there is none.</summary>
    public (PartLabel Label, TestResult[] Rows)? TryRead(string path) =>
        Read(path, async (reader, group) => await reader.ReadAsync(group, schema, runFolder).ConfigureAwait(false));

    /// <summary>Reads of each row what an audit looks at; null when there is no such file.</summary>
    public (PartLabel Label, PartRow[] Rows)? TryReadRows(string path) =>
        Read(path, async (reader, group) => await reader.ReadRowsAsync(group).ConfigureAwait(false));

    /// <summary>The label of a file whose bytes and rows are as it says; null when they are not, or when there is no such file.</summary>
    public PartLabel? Verify(string path)
    {
        var read = Read(path, async (reader, group) => await reader.ReadIdsAsync(group).ConfigureAwait(false));
        return read is { } ids && ids.Label.Ids == PartLabel.HashOf(ids.Rows) && IsWhole(path) == true ? ids.Label : null;
    }

    /// <summary>True when every byte of a file is as it was written, by the hash it carries; null when there is no such file.</summary>
    public bool? IsWhole(string path)
    {
        const int End = 8; // Length of the footer, and PAR1.
        using var stream = files.TryOpenRead(path);
        if (stream is null)
        {
            return null;
        }

        if (stream.Length < End)
        {
            return false;
        }

        var end = new byte[End];
        stream.Position = stream.Length - End;
        stream.ReadExactly(end);
        var footer = BinaryPrimitives.ReadUInt32LittleEndian(end) + (long)End;
        return footer <= Math.Min(stream.Length, Array.MaxLength) && SelfHash.IsGood(stream, (int)footer, PartLabel.HashMark);
    }

    private async Task WriteRowsAsync(AppendStream stream, IReadOnlyCollection<TestResult> results, PartLabel label)
    {
        var writer = await ParquetResultWriter.CreateAsync(stream, schema, label.ToMetadata()).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var rows in results.Chunk(ParquetResultWriter.RowGroupSize))
            {
                await writer.WriteAsync(rows).ConfigureAwait(false);
            }

            stream.HoldTail(); // What follows is the footer, in which the hash of all bytes has its place.
        }
    }

    private (PartLabel Label, T[] Rows)? Read<T>(string path, Func<ParquetResultReader, int, Task<T[]>> readGroup)
    {
        var stream = files.TryOpenRead(path);
        if (stream is null)
        {
            return null;
        }

        using var now = new ReadStream(stream, path);
        return ReadAsync(now, readGroup).Now();
    }

    private static async Task<(PartLabel Label, T[] Rows)> ReadAsync<T>(Stream stream, Func<ParquetResultReader, int, Task<T[]>> readGroup)
    {
        var reader = await ParquetResultReader.OpenAsync(stream).ConfigureAwait(false);
        await using (reader.ConfigureAwait(false))
        {
            var label = PartLabel.From(reader.Metadata);
            var rows = new List<T>(label.Rows);
            for (var group = 0; group < reader.GroupCount; group++)
            {
                rows.AddRange(await readGroup(reader, group).ConfigureAwait(false));
            }

            return rows.Count == label.Rows ? (label, rows.ToArray()) : throw new InvalidDataException($"It has {rows.Count} rows instead of {label.Rows}.");
        }
    }
}
