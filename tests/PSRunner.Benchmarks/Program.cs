using PSRunner.Benchmarks;

// dotnet run -c Release --project tests/PSRunner.Benchmarks [-- noop|resume|efficiency|artifacts|scripts|commands [numbers]]
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
    ["child", "commands", var count, var throttle, var folder] => NativeCommands.RunChild(int.Parse(count), int.Parse(throttle), folder),
    ["child", "noop", var count, var folder] => NoopBatches.RunChild(int.Parse(count), folder),
    ["child", "resume", var folder] => NoopBatches.ResumeChild(folder),
    ["child", "efficiency", var throttle, var folder] => Efficiency.RunChild(int.Parse(throttle), folder),
    ["child", "artifacts", var count, var folder] => Artifacts.RunChild(int.Parse(count), folder),
    _ => Usage(),
};

static int All() => NoopBatches.Compare([10_000, 100_000, 1_000_000]) + NoopBatches.Resume([1_000_000]) + Efficiency.Compare([20, 200, 500]) + Artifacts.Compare([4_000]) + ScriptBlocks.Compare([5_000]) + NativeCommands.Compare([5_000]);

static int[] Numbers(string[] given, params int[] preset) => given.Length == 0 ? preset : [.. given.Select(int.Parse)];

static int Usage()
{
    Console.Error.WriteLine("Usage: [noop [cases ...] | resume [cases] | efficiency [throttle ...] | artifacts [cases ...] | scripts [cases ...] | commands [cases ...]]");
    return 2;
}
