using System.Globalization;
using PSRunner.Workflows.Planning;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>What a prompt is made from.</summary>
/// <param name="Task">The task.</param>
/// <param name="Registry">Its tools.</param>
/// <param name="Type">How the task is put.</param>
/// <param name="Severity">How much a flawed plan is damaged, one of <see cref="Severities"/>.</param>
/// <param name="ToolSuccessRate">The simulator's nominal rate, on which the best plan hangs.</param>
/// <param name="MaxTurns">Replies the model has.</param>
/// <param name="Seed">The batch's seed. Every model is shown the same plan and the same damage.</param>
/// <param name="NativeCalls">Tools are offered as functions of the API instead of tags.</param>
internal sealed record PromptRequest(
    WorkflowTask Task,
    ToolRegistry Registry,
    PromptType Type,
    string Severity,
    double ToolSuccessRate,
    int MaxTurns,
    long Seed,
    bool NativeCalls);

/// <summary>Plans a task, damages the plan if asked to, and writes the messages. Thread-safe; one instance serves all tests.</summary>
internal sealed class PromptMaker(WorkflowPlanner planner)
{
    /// <summary>The prompt of a case.</summary>
    /// <returns>Null when the prompt type's flaw is not applicable to the task.</returns>
    public RenderedPrompt? Make(PromptRequest request)
    {
        var plan = request.Type.ShowsPlan ? PlanWriter.Write(BestPlan(request).Steps, request.Registry, PlanSeed(request)) : null;
        if (plan is not null && request.Type.IsFlawed)
        {
            plan = FlawMaker.Apply(plan, request.Task.RequiredTools, request.Type.Flaw, request.Severity, request.Registry, PlanSeed(request));
            if (plan is null)
            {
                return null;
            }
        }

        return PromptRenderer.Render(request.Task, request.Type, plan, request.Registry, request.MaxTurns, request.NativeCalls);
    }

    /// <summary>The best plan of the task, shown or not.</summary>
    public PlanResult BestPlan(PromptRequest request) => planner.Plan(request.Task.RequiredTools, request.Registry, request.ToolSuccessRate, request.MaxTurns);

    private static string PlanSeed(PromptRequest request) => string.Create(CultureInfo.InvariantCulture, $"{request.Seed}/{request.Task.Id}");
}
