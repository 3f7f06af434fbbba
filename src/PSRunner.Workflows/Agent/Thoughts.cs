namespace PSRunner.Workflows.Agent;

/// <summary>The parts of a reply between <c>&lt;think&gt;</c> and <c>&lt;/think&gt;</c>: what is written there is weighed, not asked for.</summary>
internal sealed class Thoughts
{
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
