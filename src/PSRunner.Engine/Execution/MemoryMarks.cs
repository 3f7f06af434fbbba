using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Execution;

/// <summary>What the machine's memory looks like at one moment.</summary>
/// <param name="Total">Bytes that this process and its children may use.</param>
/// <param name="Free">Bytes of them that are left.</param>
internal readonly record struct MemoryReading(long Total, long Free)
{
    /// <summary>The share in use, 0 to 1.</summary>
    public double Used => Total <= 0 ? 0 : 1 - ((double)Math.Max(0, Free) / Total);

    /// <summary>Asks the system. Where it does not say what is free, only this process and its children count.</summary>
    /// <param name="children">Bytes that the tests' processes hold.</param>
    public static MemoryReading Now(long children)
    {
        var total = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes;
        var free = total - Environment.WorkingSet - children;
        return new MemoryReading(total, Math.Min(free, ReadAvailable() ?? free));
    }

    private static long? ReadAvailable()
    {
        const string Name = "MemAvailable:";
        if (!OperatingSystem.IsLinux())
        {
            return null;
        }

        var line = File.ReadLines("/proc/meminfo").FirstOrDefault(l => l.StartsWith(Name, StringComparison.Ordinal));
        return line is not null && long.TryParse(line.AsSpan(Name.Length).Trim().TrimEnd("kB").Trim(), System.Globalization.CultureInfo.InvariantCulture, out var kib)
            ? kib * 1024 : null;
    }
}

/// <summary>
/// Keeps tests from taking the machine down: above the soft mark nothing new starts, above the hard mark the youngest test
/// makes room. Looked at a few times a second by one thread.
/// </summary>
/// <param name="time">The batch's clock.</param>
internal sealed class MemoryMarks(TimeProvider time)
{
    private const double Soft = 0.85;
    private const double SoftAgain = 0.80;
    private const double Hard = 0.93;

    // So long the memory of one that was killed may take to come back. While use rises in spite of it, nobody waits for that, and
    // twice as many go each time: many that grow together outrun one after another.
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    // Of all memory, from one telling to the next; less is noise.
    private const double Rise = 0.005;

    private bool _closed;
    private long? _askedAt;
    private double _askedUse;
    private int _askedFor;

    /// <summary>What the scheduler should hear.</summary>
    /// <param name="reading">The memory now.</param>
    /// <param name="running">Attempts that run. With none nothing is held up: waiting would free no memory.</param>
    public IEnumerable<SchedulerEvent> Look(MemoryReading reading, int running)
    {
        var closed = running > 0 && reading.Used >= (_closed ? SoftAgain : Soft);
        if (closed != _closed)
        {
            _closed = closed;
            yield return new SchedulerEvent.GateMoved(Gate.Memory, closed);
        }

        var recent = _askedAt is { } asked && time.GetElapsedTime(asked) < Pause;
        var rises = recent && reading.Used >= _askedUse + Rise;
        if (running > 0 && reading.Used >= Hard && (!recent || rises))
        {
            (_askedAt, _askedUse, _askedFor) = (time.GetTimestamp(), reading.Used, rises ? Math.Min(2 * _askedFor, running) : 1);
            yield return new SchedulerEvent.MemoryShort(_askedFor);
        }
    }
}
