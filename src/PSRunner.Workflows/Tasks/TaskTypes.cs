namespace PSRunner.Workflows.Tasks;

/// <summary>The words for kinds of tasks.</summary>
public static class TaskTypes
{
    /// <summary>All task types, from the smallest work to the largest.</summary>
    public static IReadOnlyList<string> All { get; } =
        ["simple_task", "basic_task", "data_pipeline", "api_integration", "multi_stage_pipeline"];
}
