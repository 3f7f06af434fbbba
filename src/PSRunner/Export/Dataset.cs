using System.Globalization;
using System.Security.Cryptography;

namespace PSRunner.Export;

/// <summary>
/// A folder of Parquet files, in folders named after the values of some columns where that was asked (Hive layout:
/// <c>model=sim-strong/prompt_type=flawed_vague/20261123-200543-1f2e3d4c.parquet</c>). These columns are not in the files.
/// </summary>
/// <remarks>
/// A new folder appears whole or not at all. In one that is there each file does, one after the other when all are
/// written; should one of these renames fail, those before it are taken back.
/// </remarks>
internal sealed class Dataset
{
    private const int MaximumPartitions = 10_000;
    private const string NullValue = "__HIVE_DEFAULT_PARTITION__";

    private readonly string _folder;
    private readonly string _staging;

    /// <param name="folder">The dataset's folder, which need not be there.</param>
    public Dataset(string folder)
    {
        _folder = folder;
        _staging = Path.Combine(HomeOf(folder), $".{Path.GetFileName(folder)}.{RandomNumberGenerator.GetHexString(8, lowercase: true)}.tmp");
    }

    /// <summary>Where temporary files of a dataset lie: in it, or beside it while it is not there.</summary>
    public static string HomeOf(string folder) => Directory.Exists(folder) ? folder : Path.GetDirectoryName(folder)!;

    /// <summary>Adds a table, one file for each combination of values.</summary>
    /// <param name="table">The rows.</param>
    /// <param name="partitionBy">Columns of the table.</param>
    /// <exception cref="TestBatchException">There are too many combinations.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Add(ExportTable table, IReadOnlyList<int> partitionBy)
    {
        var file = string.Create(
            CultureInfo.InvariantCulture, $"{TimeProvider.System.GetUtcNow():yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(8, lowercase: true)}.parquet");
        int[] places = [.. Enumerable.Range(0, table.Columns.Count).Except(partitionBy)];
        Directory.CreateDirectory(_staging);
        try
        {
            var staged = new List<(string From, string To)>();
            foreach (var (folder, rows) in Partition(table, partitionBy))
            {
                // No ending that readers look for: this may lie within a dataset that is being read.
                var path = Path.Combine(_staging, string.Create(CultureInfo.InvariantCulture, $"{staged.Count}.tmp"));
                using var stream = new FileStream(path, FileMode.CreateNew, FileAccess.ReadWrite, FileShare.None, 1 << 20, FileOptions.WriteThrough);
                ParquetExport.Write(stream, table.Columns, places, table.RowsAt(rows));
                staged.Add((path, Path.Combine(folder, file)));
            }

            Place(staged);
        }
        finally
        {
            Directory.Delete(_staging, recursive: true);
        }
    }

    private static Dictionary<string, List<long>> Partition(ExportTable table, IReadOnlyList<int> partitionBy)
    {
        var partitions = new Dictionary<string, List<long>>(StringComparer.Ordinal);
        foreach (var (place, cells) in table.Places())
        {
            var folder = Path.Combine([.. partitionBy.Select(c => $"{Encode(table.Columns[c].Name)}={Encode(cells[c])}")]);
            if (!partitions.TryGetValue(folder, out var rows))
            {
                if (partitions.Count == MaximumPartitions)
                {
                    throw Commands.Errors.PartitionsExceeded(partitionBy.Select(c => table.Columns[c].Name), MaximumPartitions);
                }

                partitions.Add(folder, rows = []);
            }

            rows.Add(place);
        }

        return partitions;
    }

    private static string Encode(object? value)
    {
        if (value is null)
        {
            return NullValue;
        }

        // What readers take for null, be it in so many letters (DuckDB), is told from a text that says so.
        var text = TextCell.Of(value);
        return text == NullValue || text.Equals("null", StringComparison.OrdinalIgnoreCase)
            ? Uri.HexEscape(text[0]) + text[1..]
            : Uri.EscapeDataString(text);
    }

    private void Place(List<(string From, string To)> staged)
    {
        var isNew = !Directory.Exists(_folder);
        var root = isNew ? Path.Combine(_staging, "new") : _folder;
        var placed = new List<string>();
        try
        {
            foreach (var (from, to) in staged)
            {
                var path = Path.Combine(root, to);
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
                File.Move(from, path);
                placed.Add(path);
            }

            if (isNew)
            {
                Directory.Move(root, _folder);
            }
        }
        catch
        {
            placed.ForEach(File.Delete);
            throw;
        }
    }
}
