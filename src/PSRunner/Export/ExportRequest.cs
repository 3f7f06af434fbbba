using PSRunner.Commands;
using PSRunner.Engine.Storage;

namespace PSRunner.Export;

/// <summary>What is to be saved where and how; refused before the first row comes where it can be.</summary>
internal sealed class ExportRequest
{
    private readonly string _path;
    private readonly string _asTyped;
    private readonly ExportFormat _format;
    private readonly bool _append;
    private readonly IReadOnlyList<string> _partitionBy;

    /// <param name="path">The file or folder, a full path.</param>
    /// <param name="asTyped">The same as the user wrote it.</param>
    /// <param name="format">The format; null: as the ending says, and Parquet for a folder.</param>
    /// <param name="append">Whether rows are added to what is there.</param>
    /// <param name="partitionBy">Columns whose values name the folders of a dataset; none: no such folders.</param>
    /// <exception cref="TestBatchException">The wishes do not fit each other, or what is there.</exception>
    public ExportRequest(string path, string asTyped, string? format, bool append, IReadOnlyList<string> partitionBy)
    {
        _path = Followed(Path.TrimEndingDirectorySeparator(path), asTyped);
        _asTyped = asTyped;
        _append = append;
        _partitionBy = partitionBy;
        var isFolder = Directory.Exists(_path);
        var ofFolder = isFolder || partitionBy.Count > 0 ? ExportFormat.Parquet : "";
        _format = (format is not null ? ExportFormat.Named(format) : ExportFormat.OfFile(_path) ?? ExportFormat.Named(ofFolder)) ?? throw Errors.NotAFormat(asTyped);
        if (partitionBy.Count > 0 && _format.Name != ExportFormat.Parquet)
        {
            throw Errors.NotPartitioned(asTyped, _format);
        }

        if (append && !_format.CanAppend)
        {
            throw Errors.NotAppendable(asTyped, _format);
        }

        if (IsDataset && File.Exists(_path))
        {
            throw Errors.NotADataset(asTyped);
        }

        if (IsDataset && !append && isFolder && Directory.EnumerateFileSystemEntries(_path).Any())
        {
            throw Errors.DatasetIsThere(asTyped);
        }

        if (SpecialFile.IsAt(_path))
        {
            throw Errors.IsNoFile(asTyped);
        }

        if (!IsDataset && isFolder)
        {
            throw Errors.IsAFolder(asTyped, _format);
        }

        if (!Directory.Exists(Workplace))
        {
            throw Errors.NoSuchFolder(asTyped);
        }
    }

    /// <summary>Where files that exist only meanwhile may lie.</summary>
    public string Workplace => IsDataset ? Dataset.HomeOf(_path) : Path.GetDirectoryName(_path)!;

    /// <summary>True for formats that report tests to CI servers.</summary>
    public bool IsReport => !_format.TakesAnyObject;

    /// <summary>True when the rows become one new Parquet file, which results may be encoded for while they come.</summary>
    public bool IsOneParquetFile => _format.Name == ExportFormat.Parquet && !IsDataset;

    private bool IsDataset => _format.Name == ExportFormat.Parquet && (_append || _partitionBy.Count > 0);

    /// <summary>Refuses to replace what must stay.</summary>
    /// <exception cref="TestBatchException">A file is there, or read-only.</exception>
    public void CheckOldFile(bool noClobber, bool force)
    {
        if (!File.Exists(_path))
        {
            return;
        }

        if (noClobber && !_append)
        {
            throw Errors.FileIsThere(_asTyped);
        }

        if (!force && File.GetAttributes(_path).HasFlag(FileAttributes.ReadOnly))
        {
            throw Errors.ReadOnlyFile(_asTyped);
        }
    }

    /// <summary>Refuses objects that a report cannot be made of.</summary>
    /// <exception cref="TestBatchException">The object is no result.</exception>
    public void CheckObject(object item)
    {
        if (!_format.TakesAnyObject && item is not TestResult)
        {
            throw Errors.NotResults(_asTyped, _format);
        }
    }

    /// <summary>Refuses columns that do not fit; asked after the first row too, so that no batch runs for hours into an error.</summary>
    /// <exception cref="TestBatchException">A column to partition by is missing, or one that the old CSV file lacks came.</exception>
    /// <exception cref="IOException">The old file cannot be read.</exception>
    public void CheckColumns(ExportTable table)
    {
        PartitionColumns(table);
        if (_append && _format.Name == ExportFormat.Csv && File.Exists(_path))
        {
            using var old = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
            CsvExport.PlacesUnder(CsvExport.ReadHeader(old), table, _asTyped);
        }
    }

    /// <summary>Writes the table; then it is all there, or nothing of it.</summary>
    /// <exception cref="TestBatchException">A column does not fit.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Write(ExportTable table, bool onlyResults)
    {
        if (IsDataset)
        {
            var partitionBy = PartitionColumns(table);
            new Dataset(_path).Add(table, partitionBy.Length < table.Columns.Count ? partitionBy : throw Errors.NothingInPartitions(_partitionBy));
            return;
        }

        using var file = new ExportFile(_path);
        using var old = _append ? file.TryBeginWithOld() : null;
        if (old is not null && _format.Name == ExportFormat.Csv)
        {
            CsvExport.Append(file.Stream, table, old, _asTyped);
        }
        else
        {
            Write(file.Stream, table, onlyResults);
        }

        file.Commit();
    }

    /// <inheritdoc cref="Write(ExportTable, bool)"/>
    public void Write(ParquetDraft draft)
    {
        using var file = new ExportFile(_path);
        draft.CopyTo(file.Stream);
        file.Commit();
    }

    private void Write(Stream stream, ExportTable table, bool onlyResults)
    {
        switch (_format.Name)
        {
            case ExportFormat.Parquet:
                ParquetExport.Write(stream, table.Columns, [.. Enumerable.Range(0, table.Columns.Count)], table.Rows());
                break;
            case ExportFormat.JsonLines:
                JsonExport.WriteLines(stream, table);
                break;
            case ExportFormat.Json:
                JsonExport.WriteArray(stream, table);
                break;
            case ExportFormat.Csv:
                CsvExport.Write(stream, table);
                break;
            case ExportFormat.JUnit:
                JUnitExport.Write(stream, table);
                break;
            case ExportFormat.Ctrf:
                CtrfExport.Write(stream, table);
                break;
            case ExportFormat.Markdown when onlyResults:
                MarkdownExport.WriteResults(stream, table);
                break;
            default:
                MarkdownExport.Write(stream, table);
                break;
        }
    }

    // A link stays what it is: its target is replaced.
    private static string Followed(string path, string asTyped)
    {
        try
        {
            var there = new FileInfo(path);
            return there.LinkTarget is null ? path : there.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.NotWritable(asTyped, e);
        }
    }

    private int[] PartitionColumns(ExportTable table) =>
        [.. _partitionBy.Select(name => table.IndexOf(name) is >= 0 and var exact ? exact : Similar(table, name)).Distinct()];

    // PromptType means prompt_type.
    private static int Similar(ExportTable table, string name)
    {
        var at = table.Columns.ToList().FindIndex(c => ResultSchema.Fold(c.Name) == ResultSchema.Fold(name));
        return at >= 0 ? at : throw Errors.NotAPartition(name, table.Columns.Select(c => c.Name));
    }
}
