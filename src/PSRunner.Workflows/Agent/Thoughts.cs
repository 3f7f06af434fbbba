namespace PSRunner.Workflows.Agent;

/// <summary>The parts of a reply between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>: what is written there is weighed, not asked for.</summary>
internal sealed class Thoughts
{
    private const string End = "</think>";

    private readonly List<(int Start, int End)> _finished = [];
    private int _neverEnds = int.MaxValue;
    private int _next;

    private Thoughts()
    {
    }

    /// <summary>Finds them. An end without a beginning (many servers cut the beginning off) is no thought of ours.</summary>
    public static Thoughts Find(string reply)
    {
        var found = new Thoughts();
        var at = 0;
        while (true)
        {
            var start = reply.IndexOf("<think", at, StringComparison.OrdinalIgnoreCase);
            if (start < 0)
            {
                return found;
            }

            var end = reply.IndexOf("</think", start, StringComparison.OrdinalIgnoreCase);
            if (end < 0)
            {
                found._neverEnds = start;
                return found;
            }

            found._finished.Add((start, end));
            at = end;
        }
    }

    /// <summary>A reply without them; all of what never ended is thought, too. A beginning that was cut off is still one.</summary>
    public static string Without(string reply)
    {
        var left = new System.Text.StringBuilder();
        var at = 0;
        while (at < reply.Length)
        {
            var start = reply.IndexOf("<think>", at, StringComparison.OrdinalIgnoreCase);
            left.Append(reply, at, (start < 0 ? reply.Length : start) - at);
            if (start < 0)
            {
                break;
            }

            var end = reply.IndexOf(End, start, StringComparison.OrdinalIgnoreCase);
            at = end < 0 ? reply.Length : end + End.Length;
        }

        return left.ToString() is var text && text.IndexOf(End, StringComparison.OrdinalIgnoreCase) is >= 0 and var cut ? text[(cut + End.Length)..] : text;
    }

    /// <summary>True when the position lies in finished thoughts. Asked in growing order of positions.</summary>
    public bool AreFinishedAround(int position)
    {
        while (_next < _finished.Count && _finished[_next].End < position)
        {
            _next++;
        }

        return _next < _finished.Count && _finished[_next].Start < position;
    }

    /// <summary>True when thoughts began before the position and never ended.</summary>
    public bool NeverEndAround(int position) => position > _neverEnds;
}
