using PSRunner.Benchmarks;

// dotnet run -c Release --project tests/PSRunner.Benchmarks [-- noop|resume|efficiency|artifacts|scripts|commands|durable|audit|export|growth|endpoints [numbers]]
// Each measurement runs in a process of its own, so that one's memory is not another's.
return args switch
{
    [] => All(),
    ["noop", .. var counts] => NoopBatches.Compare(Numbers(counts, 10_000, 100_000, 1_000_000)),
    ["resume", .. var counts] => NoopBatches.Resume(Numbers(counts, 1_000_000)),
    ["efficiency", .. var throttles] => Efficiency.Compare(Numbers(throttles, 20, 200, 500)),
    ["artifacts", .. var counts] => Artifacts.Compare(Numbers(counts, 4_000)),
    ["scripts", .. var counts] => ScriptBlocks.Compare(Numbers(counts, 5_000)),
    ["commands", .. var counts] => NativeCommands.Compare(Numbers(counts, 5_000)),
    ["durable", .. var throttles] => Durability.Compare(Numbers(throttles, 1, 100, 1_000)),
    ["audit", .. var counts] => StoredResults.Audit(Numbers(counts, 1_000_000)),
    ["export", .. var counts] => StoredResults.Export(Numbers(counts, 1_000_000)),
    ["growth", .. var counts] => Growth.Compare(Numbers(counts, 10_000)),
    ["endpoints", .. var concurrencies] => ModelRequests.Compare(Numbers(concurrencies, 100, 500)),
    ["child", "server", var latency] => CannedServer.RunChild(int.Parse(latency)),
    ["child", "endpoints", var concurrency, var rate, var address, var server, var folder] =>
        await ModelRequests.RunChildAsync(int.Parse(concurrency), int.Parse(rate), address, int.Parse(server), folder),
    ["child", "prompts", var concurrency, var address, var folder] => ModelRequests.RunPrompts(int.Parse(concurrency), address, folder),
    ["child", "conversations", var count, var address, var folder] => ModelRequests.RunConversations(int.Parse(count), address, folder),
    ["child", "commands", var count, var throttle, var folder] => NativeCommands.RunChild(int.Parse(count), int.Parse(throttle), folder),
    ["child", "noop", var count, var folder] => NoopBatches.RunChild(int.Parse(count), folder),
    ["child", "resume", var folder] => NoopBatches.ResumeChild(folder),
    ["child", "efficiency", var throttle, var folder] => Efficiency.RunChild(int.Parse(throttle), folder),
    ["child", "artifacts", var count, var folder] => Artifacts.RunChild(int.Parse(count), folder),
    ["child", "durable", var count, var throttle, var milliseconds, var folder] => Durability.RunChild(int.Parse(count), int.Parse(throttle), int.Parse(milliseconds), folder),
    ["child", "audit", var folder] => StoredResults.AuditChild(folder),
    ["child", "read", var folder] => StoredResults.ReadChild(folder),
    ["child", "parquet", var count, var folder] => await StoredResults.ParquetChildAsync(int.Parse(count), folder),
    ["child", "growth-batches", var count, _] => Growth.BatchesChild(int.Parse(count)),
    ["child", "growth-output", _] => Growth.OutputChild(),
    ["child", "growth-wide", _] => Growth.WideChild(),
    _ => Usage(),
};

static int All() => NoopBatches.Compare([10_000, 100_000, 1_000_000]) + NoopBatches.Resume([1_000_000]) + Efficiency.Compare([20, 200, 500]) + Artifacts.Compare([4_000])
    + ScriptBlocks.Compare([5_000]) + NativeCommands.Compare([5_000])
    + Durability.Compare([1, 100, 1_000]) + StoredResults.Audit([1_000_000]) + StoredResults.Export([1_000_000]) + Growth.Compare([10_000]) + ModelRequests.Compare([100, 500]);

static int[] Numbers(string[] given, params int[] preset) => given.Length == 0 ? preset : [.. given.Select(int.Parse)];

static int Usage()
{
    Console.Error.WriteLine("Usage: [noop [cases ...] | resume [cases] | efficiency [throttle ...] | artifacts [cases ...] | scripts [cases ...] | commands [cases ...]\n  | durable [throttle ...] | audit [cases ...] | export [cases ...] | growth [batches ...] | endpoints [at once ...]]");
    return 2;
}
