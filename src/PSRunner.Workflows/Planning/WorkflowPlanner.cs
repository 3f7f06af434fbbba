using System.Collections.Concurrent;
using System.Globalization;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Planning;

/// <summary>
/// Finds the best plan for a set of required tools. The simulator's chances are known, so this is a small Markov decision
/// process and is solved exactly (<see cref="PlanSolver"/>). Immutable but for its cache; one instance serves all tests at once.
/// </summary>
internal sealed class WorkflowPlanner
{
    /// <summary>The old runner's limit of turns; also the horizon of a plan.</summary>
    public const int DefaultTurns = 10;

    /// <summary>No plan looks further ahead; what more turns add is too little to be seen.</summary>
    public const int MaxTurns = 20;

    /// <summary>Tools in one problem: its states grow with 3^tools. The worst 9 have 200,000 states in 10 turns and 650,000 in 20.</summary>
    public const int MaxTools = 9;

    private const int MaxKeptPlans = 4096;

    // Lazy: the tests of a batch ask for the same plan at once, and solving it in each of them would multiply time and memory.
    private readonly ConcurrentDictionary<string, Lazy<PlanResult>> _plans = new(StringComparer.Ordinal);

    /// <summary>The best plan; the same question gives the same plan.</summary>
    /// <param name="requiredTools">Names of the required tools in the task's order, which breaks ties.</param>
    /// <param name="registry">Holds them.</param>
    /// <param name="rate">The nominal success rate of the simulator, 0 to 1.</param>
    /// <param name="turns">Tool runs allowed, from 1; more than <see cref="MaxTurns"/> count as that.</param>
    /// <exception cref="TestBatchException">TaskToolUnknown: a required tool is not in the registry. TaskTooLarge: none or more than 30 are required.</exception>
    public PlanResult Plan(IReadOnlyList<string> requiredTools, ToolRegistry registry, double rate, int turns = DefaultTurns)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(turns, 1);
        turns = Math.Min(turns, MaxTurns);
        var key = string.Create(CultureInfo.InvariantCulture, $"{registry.Hash} {rate:R} {turns} {string.Join(' ', requiredTools)}");
        if (!_plans.TryGetValue(key, out var plan))
        {
            if (_plans.Count >= MaxKeptPlans)
            {
                _plans.Clear(); // Plans are cheap to make again; memory must not grow with the batch.
            }

            plan = _plans.GetOrAdd(key, new Lazy<PlanResult>(() => Solve(PlanProblem.Of(requiredTools, registry), rate, turns)));
        }

        try
        {
            return plan.Value;
        }
        catch
        {
            _plans.TryRemove(new(key, plan)); // It may be possible another time: memory ran out, for one.
            throw;
        }
    }

    private static PlanResult Solve(PlanProblem problem, double rate, int turns)
    {
        var plan = new PlanSolver(problem, rate, turns).Solve();
        return problem.Dropped.Count == 0
            ? plan
            : plan with { DroppedCost = new PlanSolver(problem.WithDroppedMet(), rate, turns).Solve().SuccessProbability - plan.SuccessProbability };
    }
}
