using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Tasks;

namespace PSRunner.Workflows.Cases;

/// <summary>What a workflow case holds beside its parameters: the task itself, so that a run folder needs no library.</summary>
/// <param name="Task">The task.</param>
/// <param name="MaxTurns">Replies a model may use.</param>
/// <param name="Native">True: native function calls; false: tags.</param>
internal sealed record WorkflowDefinition(WorkflowTask Task, int MaxTurns = AgentOptions.DefaultMaxTurns, bool Native = false);
