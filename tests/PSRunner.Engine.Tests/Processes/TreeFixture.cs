using System.Text;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>A scratch folder, a component to test, and a batch name by which everything started here can be counted.</summary>
public sealed class TreeFixture : IDisposable
{
    /// <summary>No test waits longer for anything; hit only when something is broken.</summary>
    internal static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly IProcessTrees? _trees;
    private int _cases;

    public TreeFixture()
    {
        Folder = Directory.CreateTempSubdirectory("trees-").FullName;
        Batch = Path.GetFileName(Folder);
        _trees = OperatingSystem.IsLinux() ? ProcessTrees.Create() : null;
    }

    public string Folder { get; }

    public string Batch { get; }

    internal IProcessTrees Trees
    {
        get
        {
            Assert.SkipUnless(_trees is not null, "Needs /proc and a shell.");
            return _trees;
        }
    }

    internal string OutputPath(int number) => Path.Combine(Folder, $"{number}.out");

    internal ProcessTreeOptions Sh(string script) => Program("sh", "-c", script);

    internal ProcessTreeOptions Program(string program, params string[] arguments)
    {
        var number = Interlocked.Increment(ref _cases);
        return new ProcessTreeOptions
        {
            Program = program,
            Arguments = arguments,
            WorkingDirectory = Folder,
            StandardOutputPath = OutputPath(number),
            StandardErrorPath = Path.Combine(Folder, $"{number}.err"),
            Marker = $"{Batch}/case{number}/1",
        };
    }

    internal async Task<(ProcessExit Exit, string Output)> RunAsync(ProcessTreeOptions options)
    {
        var exit = await Trees.Start(options).WaitAsync(TestContext.Current.CancellationToken).Soon();
        return (exit, OutputTail.Read(options.StandardOutputPath).Text);
    }

    /// <summary>Starts a script that writes "ready" when it is set up, and waits for that.</summary>
    internal async Task<ProcessTree> StartReadyAsync(string script)
    {
        var options = Sh(script);
        var tree = Trees.Start(options);
        await UntilAsync(() => OutputTail.Read(options.StandardOutputPath).Text.Contains("ready", StringComparison.Ordinal), "the script was ready");
        return tree;
    }

    internal static async Task UntilAsync(Func<bool> condition, string what)
    {
        using var limit = new CancellationTokenSource(Patience);
        while (!condition())
        {
            Assert.False(limit.IsCancellationRequested, $"Waited in vain until {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Living processes with a marker of this batch, or with its name as an argument; not read by the code under test.</summary>
    internal int CountAlive() => CountAlive(Batch);

    internal static int CountAlive(string batch)
    {
        var mark = Encoding.UTF8.GetBytes($"{ProcessTrees.CaseVariable}={batch}/");
        return Directory.EnumerateDirectories("/proc").Count(folder => int.TryParse(Path.GetFileName(folder), out _)
            && (TryReadAll(folder + "/environ").AsSpan().IndexOf(mark) >= 0 || TryReadText(folder + "/cmdline").Contains($"\0{batch}\0", StringComparison.Ordinal))
            && !TryReadText(folder + "/stat").Contains(") Z ", StringComparison.Ordinal));
    }

    internal static bool IsAlive(int pid) => TryReadText($"/proc/{pid}/stat") is { Length: > 0 } stat && !stat.Contains(") Z ", StringComparison.Ordinal);

    /// <summary>Dead children of this process that nobody reaped.</summary>
    internal static int CountZombies()
    {
        var proc = new ProcFiles();
        return Kin.All(proc).Count(p => p.Parent == Environment.ProcessId && p.Dead);
    }

    public void Dispose()
    {
        _trees?.Dispose();
        var left = _trees is null ? 0 : CountAlive();
        Directory.Delete(Folder, recursive: true);
        Assert.Equal(0, left);
    }

    private static byte[] TryReadAll(string path)
    {
        try
        {
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }

    private static string TryReadText(string path) => Encoding.UTF8.GetString(TryReadAll(path));
}

internal static class Waiting
{
    /// <summary>Waits for what must come.</summary>
    public static Task<T> Soon<T>(this Task<T> task) => task.WaitAsync(TreeFixture.Patience, TestContext.Current.CancellationToken);
}
