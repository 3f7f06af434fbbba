using System.Collections;
using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

internal enum Line
{
    SessionBegan,
    SessionEnded,
    Started,
    AttemptEnded,
    Result,
}

internal sealed record SimulatedLine(
    Line Kind, int Index = -1, int Attempt = 0, string? Cause = null, int Retries = 0, int Crashes = 0, AttemptToken Token = default);

/// <summary>A journal in memory that forgets in a crash what a disk would forget.</summary>
internal sealed class SimulatedJournal
{
    public List<SimulatedLine> Lines { get; } = [];

    public int Written { get; set; }

    public int Durable { get; set; }

    /// <summary>Attempts that were abandoned, for the books.</summary>
    public int Abandoned { get; set; }

    /// <summary>The host died: what is durable stays, of what was written after it any beginning.</summary>
    public void Crash(Random random)
    {
        var kept = random.Next(Durable, Written + 1);
        Lines.RemoveRange(kept, Lines.Count - kept);
        Written = Durable = kept;
    }

    public void Close()
    {
        Lines.Add(new SimulatedLine(Line.SessionEnded));
        Written = Durable = Lines.Count;
    }

    /// <summary>What the next session knows, by the rules of design section 6, from the surviving lines alone.</summary>
    public RecoveredState Recover(SimulatedPlan plan)
    {
        var finished = new BitArray(plan.Count);
        var open = new Dictionary<int, CaseState>();
        var running = new HashSet<int>();
        var blamed = new HashSet<int>();
        Lines.Add(new SimulatedLine(Line.SessionBegan));
        var live = false;
        foreach (var line in Lines)
        {
            switch (line.Kind)
            {
                case Line.SessionBegan:
                    foreach (var index in live ? running : [])
                    {
                        // One that was a suspect already ran alone.
                        if (open[index].Suspect)
                        {
                            blamed.Add(index);
                        }

                        open[index] = open[index] with { Suspect = open[index].Suspect || plan.InProcess[index] };
                    }

                    running.Clear();
                    live = true;
                    break;
                case Line.SessionEnded:
                    running.Clear();
                    live = false;
                    break;
                case Line.Started:
                    open[line.Index] = open.GetValueOrDefault(line.Index) with { Index = line.Index, Attempts = line.Attempt };
                    running.Add(line.Index);
                    break;
                case Line.AttemptEnded:
                    open[line.Index] = open[line.Index] with { Retries = line.Retries, Crashes = line.Crashes };
                    running.Remove(line.Index);
                    break;
                case Line.Result:
                    finished[line.Index] = true;
                    open.Remove(line.Index);
                    running.Remove(line.Index);
                    break;
            }
        }

        Written = Durable = Lines.Count;
        var byBlame = open.Values.OrderBy(o => o.Index).ToLookup(o => blamed.Contains(o.Index));
        return new RecoveredState { Finished = finished, Open = [.. byBlame[false]], CrashedAlone = [.. byBlame[true]] };
    }
}
