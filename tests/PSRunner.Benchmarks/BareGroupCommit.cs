using System.Diagnostics;
using PSRunner.Engine.Storage;

namespace PSRunner.Benchmarks;

/// <summary>
/// What the disk alone allows: the same bytes, written and flushed in groups by one thread, with nothing between. At most
/// <c>inFlight</c> records wait at a time, as many as a batch has running.
/// </summary>
internal static class BareGroupCommit
{
    /// <returns>Records per second.</returns>
    public static double Measure(string folder, long records, int recordBytes, int inFlight)
    {
        var path = Path.Combine(folder, "bare.jsonl");
        var group = new byte[recordBytes * inFlight];
        Random.Shared.NextBytes(group);
        using var file = DiskFiles.Instance.Create(path);
        var clock = Stopwatch.StartNew();
        for (long written = 0; written < records; written += inFlight)
        {
            file.Write(group);
            file.Flush();
        }

        return records / clock.Elapsed.TotalSeconds;
    }
}
