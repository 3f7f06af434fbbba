namespace PSRunner.Engine.Execution;

/// <summary>
/// Looks after what cases need from outside (model endpoints): whether it is there before anything starts, and during a
/// session how many cases of which lane may begin. Executors that share one name the same steward.
/// </summary>
public interface ILaneSteward
{
    /// <summary>Throws when something that cases need cannot be had. Called on the thread of who starts or resumes, before anything starts.</summary>
    /// <param name="needs">What the plan's cases need (<see cref="ITestExecutor.NeedOf"/>), each once.</param>
    /// <param name="options">What was asked of the batch.</param>
    /// <exception cref="TestBatchException">What is missing and what to do.</exception>
    void Check(IReadOnlyCollection<string> needs, BatchOptions options);

    /// <summary>A session begins; <see cref="Check"/> was called. Returns at once.</summary>
    /// <returns>Disposed of after the last attempt.</returns>
    ILaneSteering Begin(SteeringFacts facts);
}

/// <summary>A steward's work in one session.</summary>
public interface ILaneSteering : IDisposable
{
    /// <summary>The limits that hold now, in a few words for people; empty when there are none.</summary>
    string Limits { get; }

    /// <summary>Called four times a second. Quick; what it throws is told and does no harm.</summary>
    void Beat();

    /// <summary>Another cap on the batch's requests per second, from now on.</summary>
    void SetRequestsPerSecond(double rate);
}

/// <summary>What a steward knows of a session, and how it steers. Every action may be called from any thread and returns at once.</summary>
public sealed record SteeringFacts
{
    /// <summary>The run folder, a full path.</summary>
    public required string RunFolder { get; init; }

    /// <summary>The session's number, from 1.</summary>
    public required int Number { get; init; }

    /// <summary>What the plan's cases need, each once.</summary>
    public required IReadOnlyCollection<string> Needs { get; init; }

    /// <summary>What was asked of the batch.</summary>
    public required BatchOptions Options { get; init; }

    /// <summary>Reads every result of earlier sessions, those too that a case run again has replaced. Takes time: a look into every file.</summary>
    public required Func<IEnumerable<TestResult>> EarlierResults { get; init; }

    /// <summary>The longest time of one request of a case that brings no limit of its own.</summary>
    public required TimeSpan RequestLimit { get; init; }

    /// <summary>Attempts that may run at once.</summary>
    public required int Throttle { get; init; }

    /// <summary>The names of the plan's lanes by their numbers.</summary>
    public required IReadOnlyList<string> Lanes { get; init; }

    /// <summary>The batch's clock.</summary>
    public required TimeProvider Time { get; init; }

    /// <summary>How many cases of a lane may run at once, from now on.</summary>
    public required Action<int, int> Allow { get; init; }

    /// <summary>No case of a lane begins any more in this session; the words say why.</summary>
    public required Action<int, string> StopLane { get; init; }

    /// <summary>Cases of one need in the lanes of others withdraw when their turn comes; the words say why.</summary>
    public required Action<string> Postpone { get; init; }

    /// <summary>Ends the batch early: one of <see cref="BatchStates"/>, and why.</summary>
    public required Action<string, string> End { get; init; }

    /// <summary>Hears what the user should be told.</summary>
    public required Action<string> Note { get; init; }
}
