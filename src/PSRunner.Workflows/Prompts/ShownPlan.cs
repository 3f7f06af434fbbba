namespace PSRunner.Workflows.Prompts;

/// <summary>The plan a model is shown, right or damaged.</summary>
/// <param name="Steps">The steps in their order.</param>
internal sealed record ShownPlan(IReadOnlyList<PlanStep> Steps)
{
    /// <summary>The tools in their order.</summary>
    public IReadOnlyList<string> Tools => [.. Steps.Select(step => step.Tool)];
}

/// <summary>One step of a shown plan.</summary>
/// <param name="Tool">The tool's name.</param>
/// <param name="Arguments">Argument names and their values as JSON text.</param>
/// <param name="Reason">Why the step is there, one line.</param>
/// <param name="UsesOutputOf">The number of the step (from 1) whose output it works on; null when it starts from nothing.</param>
internal sealed record PlanStep(
    string Tool,
    IReadOnlyList<KeyValuePair<string, string>> Arguments,
    string Reason,
    int? UsesOutputOf);
