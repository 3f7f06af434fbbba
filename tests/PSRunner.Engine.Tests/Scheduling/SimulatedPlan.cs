using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>How a case of the simulation behaves when it runs.</summary>
internal enum Habit
{
    /// <summary>Ends soon, with one of many causes.</summary>
    Ends,

    /// <summary>Works on without end, with progress; ends when asked.</summary>
    Drips,

    /// <summary>Does nothing for ever; ends when asked.</summary>
    Hangs,

    /// <summary>Does nothing for ever and ignores being asked.</summary>
    Ignores,

    /// <summary>Takes the whole process down.</summary>
    KillsHost,
}

/// <summary>A plan of arrays.</summary>
internal sealed class SimulatedPlan : ISchedulerPlan
{
    private readonly int[] _next;
    private readonly int[] _first;

    public SimulatedPlan(int[] lanes, int laneCount)
    {
        Lanes = lanes;
        Timeouts = new TimeSpan?[lanes.Length];
        RetryCounts = new int?[lanes.Length];
        Judges = new bool[lanes.Length];
        InProcess = new bool[lanes.Length];
        Habits = new Habit[lanes.Length];
        _next = new int[lanes.Length];
        _first = new int[laneCount];
        Array.Fill(_first, -1);
        for (var i = lanes.Length - 1; i >= 0; i--)
        {
            _next[i] = _first[lanes[i]];
            _first[lanes[i]] = i;
        }
    }

    public int[] Lanes { get; }

    public TimeSpan?[] Timeouts { get; }

    public int?[] RetryCounts { get; }

    public bool[] Judges { get; }

    public bool[] InProcess { get; }

    public Habit[] Habits { get; }

    public int Count => Lanes.Length;

    public int LaneCount => _first.Length;

    /// <summary>One lane, nothing special.</summary>
    public static SimulatedPlan Of(int count, int lanes = 1) => new([.. Enumerable.Range(0, count).Select(i => i % lanes)], lanes);

    public static SimulatedPlan Random(Random random)
    {
        var laneCount = random.Next(1, 5);
        var plan = new SimulatedPlan([.. Enumerable.Range(0, random.Next(0, 41)).Select(_ => random.Next(laneCount))], laneCount);
        var odd = random.NextDouble() * 0.5;
        for (var i = 0; i < plan.Count; i++)
        {
            plan.Timeouts[i] = random.Next(6) == 0 ? TimeSpan.FromSeconds(random.Next(1, 1200)) : null;
            plan.RetryCounts[i] = random.Next(6) == 0 ? random.Next(4) : null;
            plan.Judges[i] = random.Next(2) == 0;
            plan.InProcess[i] = random.Next(3) == 0;
            plan.Habits[i] = random.NextDouble() > odd ? Habit.Ends : random.Next(9) switch
            {
                < 3 => Habit.Drips,
                < 6 => Habit.Hangs,
                < 7 => plan.InProcess[i] ? Habit.KillsHost : Habit.Hangs,
                _ => Habit.Ignores,
            };
        }

        return plan;
    }

    public string LaneName(int lane) => lane == 0 ? "" : "lane" + lane;

    public int FirstOfLane(int lane) => _first[lane];

    public int NextInLane(int index) => _next[index];

    public int LaneOf(int index) => Lanes[index];

    public TimeSpan? TestTimeout(int index) => Timeouts[index];

    public int? RetryCount(int index) => RetryCounts[index];

    public bool JudgesModel(int index) => Judges[index];

    public bool CanCrashHost(int index) => InProcess[index];
}
