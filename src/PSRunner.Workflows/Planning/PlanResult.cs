namespace PSRunner.Workflows.Planning;

/// <summary>The best plan for a task.</summary>
/// <param name="Steps">Tool names: what the best policy runs when every run succeeds.</param>
/// <param name="SuccessProbability">
/// The chance that the policy completes the task within the turns, when it runs one tool a turn and runs the best one
/// again after a failure. A lower bound when something was dropped, or when a task requires more than
/// <see cref="WorkflowPlanner.MaxTools"/> tools: these are then run in the order of the task, as dependencies allow.
/// </param>
/// <param name="StatesVisited">How many states were solved; the cost of planning.</param>
/// <param name="Dropped">
/// Dependencies that were left out because the problem would have been too large: they are never run and count as unmet.
/// </param>
/// <param name="DroppedCost">
/// What that may cost, as a probability: the plan's value had all that was dropped succeeded beforehand at no turn's cost,
/// less its value. Generous, since these turns would have to be paid.
/// </param>
internal sealed record PlanResult(
    IReadOnlyList<string> Steps,
    double SuccessProbability,
    int StatesVisited,
    IReadOnlyList<string> Dropped,
    double DroppedCost);
