namespace PSRunner.Workflows.Tasks;

/// <summary>What the model is asked to do with the tools.</summary>
/// <param name="Id">Unique in its library.</param>
/// <param name="TaskType">simple_task, basic_task, data_pipeline, api_integration or multi_stage_pipeline.</param>
/// <param name="Difficulty">very_easy, easy, medium, hard or very_hard: how vague the wording is, not how much work it is.</param>
/// <param name="Description">The wording the model is shown.</param>
/// <param name="RequiredTools">Names of the tools that must have succeeded, in the order of the task.</param>
public sealed record WorkflowTask(
    string Id,
    string TaskType,
    string Difficulty,
    string Description,
    IReadOnlyList<string> RequiredTools);
