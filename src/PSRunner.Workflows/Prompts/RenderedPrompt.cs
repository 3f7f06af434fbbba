namespace PSRunner.Workflows.Prompts;

/// <summary>What a model is sent at the start.</summary>
/// <param name="System">The system message.</param>
/// <param name="User">The first user message.</param>
/// <param name="Plan">The plan inside the user message; null when the prompt type shows none.</param>
internal sealed record RenderedPrompt(string System, string User, ShownPlan? Plan);
