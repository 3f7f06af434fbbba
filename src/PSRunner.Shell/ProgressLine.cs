using System.Management.Automation;

namespace PSRunner.Shell;

/// <summary>One line of progress on standard error: redrawn in place on a terminal, one line every few seconds in a log.</summary>
internal sealed class ProgressLine(TextWriter writer, bool isRedirected, TimeProvider time)
{
    private static readonly TimeSpan LogEvery = TimeSpan.FromSeconds(5);

    private readonly Lock _gate = new();
    private readonly long _began = time.GetTimestamp();
    private long? _lastLogged;
    private bool _isVisible;

    public void Show(ProgressRecord record, int width)
    {
        lock (_gate)
        {
            if (record.RecordType == ProgressRecordType.Completed)
            {
                Erase();
                return;
            }

            var line = $"{record.Activity} [{record.StatusDescription}]";
            if (!isRedirected)
            {
                writer.Write("\r" + line[..Math.Min(line.Length, Math.Max(width - 1, 1))] + "\x1b[K");
                writer.Flush();
                _isVisible = true;
            }
            else if (time.GetElapsedTime(_lastLogged ?? _began) >= LogEvery)
            {
                writer.WriteLine(line);
                _lastLogged = time.GetTimestamp();
            }
        }
    }

    /// <summary>Takes the line away before something else is written; the next record brings it back.</summary>
    public void Hide()
    {
        lock (_gate)
        {
            Erase();
        }
    }

    private void Erase()
    {
        if (_isVisible)
        {
            writer.Write("\r\x1b[K");
            writer.Flush();
            _isVisible = false;
        }
    }
}
