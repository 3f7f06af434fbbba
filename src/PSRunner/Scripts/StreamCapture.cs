using System.Collections.ObjectModel;
using System.Management.Automation;
using PSRunner.Engine.Workers;

namespace PSRunner.Scripts;

/// <summary>
/// Hears all streams of a script in the order in which they are written and keeps none of it but the last object: a test
/// may write for hours.
/// </summary>
internal sealed class StreamCapture : Collection<PSObject?>
{
    private readonly ITestOutput _output;

    /// <param name="shell">What runs the script.</param>
    /// <param name="output">Where the text goes.</param>
    public StreamCapture(PowerShell shell, ITestOutput output)
    {
        _output = output;
        Hear(shell.Streams.Error, Keep);
        Hear(shell.Streams.Warning, record => Write("WARNING: " + record.Message));
        Hear(shell.Streams.Verbose, record => Write("VERBOSE: " + record.Message));
        Hear(shell.Streams.Debug, record => Write("DEBUG: " + record.Message));
        Hear(shell.Streams.Information, record => Write(record.MessageData?.ToString() ?? ""));
        Hear(shell.Streams.Progress, record => output.Progress($"{record.Activity}: {record.StatusDescription}"));
    }

    /// <summary>The last object written; null: none was.</summary>
    public object? Last { get; private set; }

    /// <summary>The error records: the first, and how many.</summary>
    public (ErrorRecord? First, int Count) Errors { get; private set; }

    /// <summary>Writes an error as the output shows it.</summary>
    public void Write(ErrorRecord error) =>
        Write(error.InvocationInfo?.PositionMessage is { Length: > 0 } place ? $"ERROR: {error}\n{place}" : $"ERROR: {error}");

    /// <inheritdoc/>
    protected override void InsertItem(int index, PSObject? item)
    {
        Last = item;
        Write(OutputText.Of(item));
    }

    private void Keep(ErrorRecord error)
    {
        Errors = (Errors.First ?? error, Errors.Count + 1);
        Write(error);
    }

    private void Write(string line) => _output.Write(line + "\n");

    private static void Hear<T>(PSDataCollection<T> stream, Action<T> take) => stream.DataAdded += (_, _) =>
    {
        foreach (var record in stream.ReadAll())
        {
            take(record);
        }
    };
}
