using System.Diagnostics;
using PSRunner.Engine.Storage;

namespace PSRunner.Benchmarks;

/// <summary>
/// What the disk and a plain group commit allow: producers hand over finished records of the same size, one thread writes
/// all that wait, flushes once and acknowledges each; a producer hands over its next record when its last is acknowledged.
/// No plan, no schedule, no serializing, no parts.
/// </summary>
internal static class BareGroupCommit
{
    /// <param name="folder">Where the file goes.</param>
    /// <param name="records">How many.</param>
    /// <param name="recordBytes">How large each is.</param>
    /// <param name="producers">How many hand over at once.</param>
    /// <param name="waits">Gets how long each record waited to be durable; null: not asked.</param>
    /// <param name="pause">How long a producer takes before each record.</param>
    /// <returns>Records per second.</returns>
    public static double Measure(string folder, int records, int recordBytes, int producers, List<TimeSpan>? waits = null, TimeSpan pause = default)
    {
        File.Delete(Path.Combine(folder, "bare.jsonl"));
        var queue = new Queue<(byte[] Record, TaskCompletionSource Durable)>();
        var left = records;
        var clock = Stopwatch.StartNew();
        var writer = new Thread(() => Write(Path.Combine(folder, "bare.jsonl"), queue, records)) { IsBackground = true };
        writer.Start();
        Task.WaitAll([.. Enumerable.Range(0, producers).Select(_ => Task.Run(async () =>
        {
            while (Interlocked.Decrement(ref left) >= 0)
            {
                if (pause > TimeSpan.Zero)
                {
                    await Task.Delay(pause);
                }

                var durable = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
                lock (queue)
                {
                    queue.Enqueue((new byte[recordBytes], durable));
                    Monitor.Pulse(queue);
                }

                var handedOver = Stopwatch.GetTimestamp();
                await durable.Task;
                if (waits is not null)
                {
                    lock (waits)
                    {
                        waits.Add(Stopwatch.GetElapsedTime(handedOver));
                    }
                }
            }
        }))]);
        return records / clock.Elapsed.TotalSeconds;
    }

    private static void Write(string path, Queue<(byte[] Record, TaskCompletionSource Durable)> queue, int records)
    {
        using var file = DiskFiles.Instance.Create(path);
        using var buffer = new MemoryStream();
        for (var written = 0; written < records;)
        {
            List<(byte[] Record, TaskCompletionSource Durable)> group;
            lock (queue)
            {
                while (queue.Count == 0)
                {
                    Monitor.Wait(queue, TimeSpan.FromSeconds(1));
                }

                group = [.. queue];
                queue.Clear();
            }

            buffer.SetLength(0);
            group.ForEach(r => buffer.Write(r.Record));
            file.Write(buffer.GetBuffer().AsSpan(0, (int)buffer.Length));
            file.Flush();
            group.ForEach(r => r.Durable.SetResult());
            written += group.Count;
        }
    }
}
