using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Commands;

/// <summary>What a command wrote: the ends of its two files, and the files themselves where these do not say it all.</summary>
/// <param name="Out">The end of standard output.</param>
/// <param name="Error">The end of standard error.</param>
internal sealed record CommandOutput(OutputTail Out, OutputTail Error)
{
    private const int MostErrorBytes = 16 * 1024;
    private const int MostKeptBytes = 4 << 20;

    /// <summary>Reads both ends; together at most 64 KiB.</summary>
    public static CommandOutput Read(ScratchFolder scratch)
    {
        var error = OutputTail.Read(scratch.ErrorFile, MostErrorBytes);
        var room = OutputTail.DefaultBytes - (int)Math.Min(error.Length, MostErrorBytes);
        return new CommandOutput(OutputTail.Read(scratch.OutputFile, room), error);
    }

    /// <summary>For the result: standard output, then standard error under a line of its own.</summary>
    public string Text => Error.Text.Length == 0 ? Out.Text
        : string.Concat(Out.Text, Out.Text.Length == 0 || Out.Text.EndsWith('\n') ? "" : "\n", "[stderr]\n", Error.Text);

    /// <summary>The files that the result's text does not hold whole: those that were cut or are not UTF-8.</summary>
    public IReadOnlyList<Artifact> Artifacts(ScratchFolder scratch) =>
        [.. Keep(Out, scratch.OutputFile, "stdout.txt"), .. Keep(Error, scratch.ErrorFile, "stderr.txt")];

    private static IEnumerable<Artifact> Keep(OutputTail tail, string path, string name)
    {
        if (!tail.IsCut && !tail.Text.Contains('\uFFFD', StringComparison.Ordinal))
        {
            yield break;
        }

        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var length = RandomAccess.GetLength(file);
        var start = Math.Max(0, length - MostKeptBytes);
        var head = start == 0 ? [] : Encoding.UTF8.GetBytes(string.Create(CultureInfo.InvariantCulture, $"[the first {start} of {length} bytes were not kept]\n"));
        var bytes = new byte[head.Length + (length - start)];
        head.CopyTo(bytes, 0);
        var count = head.Length;
        while (count < bytes.Length && RandomAccess.Read(file, bytes.AsSpan(count), start + count - head.Length) is var read and > 0)
        {
            count += read;
        }

        yield return new Artifact(name, bytes.AsMemory(0, count));
    }
}
