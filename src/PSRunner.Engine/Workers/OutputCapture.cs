using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;

namespace PSRunner.Engine.Workers;

/// <summary>What one attempt writes, in the order in which it came: the beginning and the end of it, however long it is.</summary>
/// <param name="context">The attempt; hears that work was done.</param>
internal sealed class OutputCapture(AttemptContext context) : ITestOutput
{
    // In characters. A result holds the end, an artifact both.
    private const int MostHead = 2 << 20;
    private const int MostTail = 64 * 1024;

    private readonly Lock _lock = new();
    private readonly StringBuilder _head = new();
    private readonly StringBuilder _tail = new();
    private long _length;

    /// <summary>What a result shows: everything, or the last 64 K characters.</summary>
    public string Text
    {
        get
        {
            lock (_lock)
            {
                var fromTail = Math.Min(_tail.Length, MostTail);
                var fromHead = Math.Min(_head.Length, MostTail - fromTail);
                return string.Concat(_head.ToString(_head.Length - fromHead, fromHead), _tail.ToString(_tail.Length - fromTail, fromTail));
            }
        }
    }

    /// <summary>What is kept beside the result: nothing when its text is everything.</summary>
    public IReadOnlyList<Artifact> Artifacts
    {
        get
        {
            lock (_lock)
            {
                if (_length <= MostTail)
                {
                    return [];
                }

                var missing = _length - _head.Length - _tail.Length;
                var gap = missing > 0 ? string.Create(CultureInfo.InvariantCulture, $"\n[{missing} characters were not kept]\n") : "";
                return [new Artifact("output.txt", Encoding.UTF8.GetBytes(string.Concat(_head.ToString(), gap, _tail.ToString())))];
            }
        }
    }

    public void Write(string text)
    {
        lock (_lock)
        {
            _length += text.Length;
            var toHead = Math.Min(text.Length, MostHead - _head.Length);
            _head.Append(text, 0, toHead);
            _tail.Append(text, toHead, text.Length - toHead);
            if (_tail.Length > 2 * MostTail)
            {
                _tail.Remove(0, _tail.Length - MostTail);
            }
        }

        Progress("wrote output");
    }

    public void Progress(string activity) => context.ReportProgress(activity);
}
