using System.Numerics;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Planning;

/// <summary>Solves one planning problem by dynamic programming over its reachable states.</summary>
/// <remarks>
/// <para>
/// A state is all that the odds of the future hang on: which tools succeeded, which failed in their last run, the
/// outcomes of the last three runs, the turns left. The value of a state is the chance to complete the task from there:
/// V(s) = max over tools of p V(s after success) + (1 - p) V(s after failure), p by <see cref="ToolOdds"/>; V = 1 when all
/// required tools are done, 0 when fewer turns are left than tools.
/// </para>
/// <para>
/// A policy may run any tool that has not succeeded, with two exceptions that cannot help: a required tool before the
/// required tools it depends on (its success would not count), and a helper when all that depend on it have succeeded.
/// That nothing is lost by them, nor by never running a tool again that succeeded, is tested against the maximum over
/// all policies that may do all that.
/// </para>
/// </remarks>
internal sealed class PlanSolver(PlanProblem problem, double rate, int turns)
{
    /// <summary>Differences of this size are noise of the arithmetic: the tool that comes first in the problem wins.</summary>
    private const double Tie = 1e-12;

    // Too many required tools to choose among: the first that may run is the only choice.
    private readonly bool _inOrder = problem.Names.Count > WorkflowPlanner.MaxTools;

    private readonly Dictionary<State, double> _values = [];

    /// <summary>The state of a test that has not begun.</summary>
    public State Start => new(Succeeded: 0, FailedLast: 0, Outcomes: 0, turns);

    /// <summary>Value and first-choice path of the start.</summary>
    public PlanResult Solve()
    {
        var state = Start;
        var value = Value(state);
        var steps = new List<string>();
        while (!IsCompleted(state))
        {
            var tool = Best(state).Tool;
            steps.Add(problem.Names[tool]);
            state = After(state, tool, succeeded: true);
        }

        return new PlanResult(steps, value, _values.Count, problem.Dropped, DroppedCost: 0);
    }

    /// <summary>True when all required tools are done: no other success is ever recorded for them.</summary>
    public bool IsCompleted(State state) => (state.Succeeded & problem.Required) == problem.Required;

    /// <summary>The tool to run in a state, and the value of the state. Some tool is always worth a turn before completion.</summary>
    public (int Tool, double Value) Best(State state)
    {
        var best = (Tool: -1, Value: -1.0);
        for (var tool = 0; tool < problem.Names.Count; tool++)
        {
            if (!IsWorthATurn(state, tool) || (_inOrder && best.Tool >= 0))
            {
                continue;
            }

            var odds = Odds(state, tool);
            var value = (odds * Value(After(state, tool, succeeded: true))) + ((1 - odds) * Value(After(state, tool, succeeded: false)));
            if (value > best.Value + Tie)
            {
                best = (tool, value);
            }
        }

        return best;
    }

    /// <summary>The state after a run.</summary>
    public State After(State state, int tool, bool succeeded)
    {
        var outcomes = ((state.Outcomes << 1) | (succeeded ? 0 : 1)) & ((1 << ToolOdds.Window) - 1);
        if (succeeded)
        {
            var done = state.Succeeded | (1 << tool);
            return new State(done, Relevant(state.FailedLast & ~(1 << tool), done), outcomes, state.TurnsLeft - 1);
        }

        return state with { FailedLast = Relevant(state.FailedLast | (1 << tool), state.Succeeded), Outcomes = outcomes, TurnsLeft = state.TurnsLeft - 1 };
    }

    private double Value(State state)
    {
        var left = BitOperations.PopCount((uint)(problem.Required & ~state.Succeeded));
        if (left == 0 || left > state.TurnsLeft)
        {
            return left == 0 ? 1 : 0;
        }

        if (!_values.TryGetValue(state, out var value))
        {
            value = Best(state).Value;
            _values.Add(state, value);
        }

        return value;
    }

    private bool IsWorthATurn(State state, int tool) =>
        (state.Succeeded >> tool & 1) == 0
        && (problem.MustPrecede[tool] & ~state.Succeeded) == 0
        && ((problem.Required >> tool & 1) == 1 || (problem.Dependents[tool] & ~state.Succeeded) != 0);

    private double Odds(State state, int tool) => ToolOdds.Probability(
        rate,
        BitOperations.PopCount((uint)(problem.Dependencies[tool] & ~state.Succeeded)) + problem.Outside[tool],
        (problem.Dependencies[tool] & state.FailedLast) != 0,
        turns - state.TurnsLeft,
        BitOperations.PopCount((uint)state.Outcomes));

    // A failure is forgotten when nothing that is still to run depends on the tool: fewer states, same values.
    private int Relevant(int failedLast, int succeeded)
    {
        for (var tool = 0; tool < problem.Names.Count; tool++)
        {
            if ((problem.Dependents[tool] & ~succeeded) == 0)
            {
                failedLast &= ~(1 << tool);
            }
        }

        return failedLast;
    }

    /// <param name="Succeeded">Set of tools.</param>
    /// <param name="FailedLast">Set of tools whose last run failed and on which something depends.</param>
    /// <param name="Outcomes">The last three runs, a bit each, 1 is a failure, the last one lowest.</param>
    /// <param name="TurnsLeft">Runs that are left.</param>
    public readonly record struct State(int Succeeded, int FailedLast, int Outcomes, int TurnsLeft);
}
