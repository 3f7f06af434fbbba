namespace PSRunner.Workflows.Prompts;

/// <summary>How a task is put to the model.</summary>
/// <param name="Name">The word scripts use.</param>
/// <param name="ShowsPlan">True when the prompt holds a plan.</param>
/// <param name="Flaw">What is wrong with the plan, one of <see cref="Flaws"/>; empty when nothing is.</param>
/// <param name="AsksForReasoning">True when the model is told to think step by step.</param>
public sealed record PromptType(string Name, bool ShowsPlan, string Flaw, bool AsksForReasoning)
{
    /// <summary>True when the plan shown is damaged.</summary>
    public bool IsFlawed => Flaw.Length > 0;
}

/// <summary>The table of prompt types.</summary>
public static class PromptTypes
{
    /// <summary>What the names of flawed prompt types begin with.</summary>
    public const string FlawedPrefix = "flawed_";

    /// <summary>All prompt types.</summary>
    public static IReadOnlyList<PromptType> All { get; } =
    [
        new("baseline", ShowsPlan: false, "", AsksForReasoning: false),
        new("cot", ShowsPlan: false, "", AsksForReasoning: true),
        new("optimal", ShowsPlan: true, "", AsksForReasoning: false),
        .. Flaws.All.Select(flaw => new PromptType(FlawedPrefix + flaw, ShowsPlan: true, flaw, AsksForReasoning: false)),
    ];

    /// <summary>The prompt type of that name; null when there is none.</summary>
    public static PromptType? Find(string name) => All.FirstOrDefault(type => type.Name == name);
}
