using PSRunner.Engine.Storage;

namespace PSRunner.Export;

/// <summary>Parquet, in the same columns and types as the parts of a run folder.</summary>
internal static class ParquetExport
{
    public static void Write(Stream stream, IReadOnlyList<TestResult> results) => WriteAsync(stream, results).GetAwaiter().GetResult();

    private static async Task WriteAsync(Stream stream, IReadOnlyList<TestResult> results)
    {
        var schema = ResultTable.SchemaOf(results);
        var writer = await ParquetResultWriter.CreateAsync(stream, schema).ConfigureAwait(false);
        await using (writer.ConfigureAwait(false))
        {
            foreach (var group in results.Chunk(ParquetResultWriter.RowGroupSize))
            {
                await writer.WriteAsync([.. group.Select(r => r.Under(schema))]).ConfigureAwait(false);
            }
        }
    }
}
