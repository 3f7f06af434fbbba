using System.Globalization;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Models;

/// <summary>
/// Decides what a simulated agent does next, from what it has read alone. It works out which tools it means to run, walks
/// over them, runs failed ones again or not, and says that it is done. A good one checks a plan against the task first: it
/// drops what nobody asked for and what stands twice, looks for what is missing, and restores the task's order.
/// Every chance hangs on the case's id and on what is decided, so the same case makes the same agent.
/// </summary>
internal sealed class AgentMind
{
    private const double GoodFit = 0.5;
    private const double SureFit = 0.7;
    private const int MaxSearches = 3;
    private const int ToolsForAVagueTask = 3;

    private readonly AgentSkill _skill;
    private readonly string _caseId;
    private readonly AgentMemory _memory;
    private readonly string _task;
    private readonly IReadOnlyList<string> _phrases;

    public AgentMind(AgentSkill skill, string caseId, AgentMemory memory)
    {
        // Whoever is told to think first overlooks half as much.
        var thinks = memory.Prompt.Contains("\"Reasoning:\"", StringComparison.Ordinal);
        _skill = !thinks ? skill : skill with { FindsRepair = (1 + skill.FindsRepair) / 2, SkipsStep = skill.SkipsStep / 2, SwapsSteps = skill.SwapsSteps / 2 };
        _caseId = caseId;
        _memory = memory;
        _task = TaskReading.TaskOf(memory.Prompt);
        _phrases = TaskReading.Phrases(_task);
        Preface = thinks ? "Reasoning: " : "";
    }

    private string Preface { get; }

    /// <summary>The next reply.</summary>
    public AgentDecision Decide()
    {
        if (_memory.Turn > 1 && Chance(_skill.StopsEarly, $"stop/{_memory.Turn}"))
        {
            return Chance(0.5, $"claim/{_memory.Turn}") ? Done("That should be all.") : new AgentDecision(null, "", $"{Preface}I am not sure how to go on from here.");
        }

        if (NextSearch() is { } words)
        {
            return new AgentDecision(ActionKind.Search, words, $"{Preface}I need a tool for this.");
        }

        return NextTool() is { } tool
            ? new AgentDecision(ActionKind.Call, tool, $"{Preface}Next I run {tool}.")
            : Done("Everything has been carried out.");
    }

    private AgentDecision Done(string words) => new(null, "", $"{Preface}{words} {PromptRenderer.CompletionPhrase}");

    private bool ChecksPlan => _memory.Plan is null || Chance(_skill.ChecksPlan, "check");

    /// <summary>The words to search for; null when it has found what it can, or has begun to act.</summary>
    private string? NextSearch()
    {
        if (_memory.Runs.Count > 0 || _memory.Searched.Count >= MaxSearches || !ChecksPlan)
        {
            return null;
        }

        if (_memory.Plan is null && _memory.Searched.Count == 0)
        {
            return _task.Length <= ReplyParser.MaxSearchWords ? _task : _task[..ReplyParser.MaxSearchWords].Trim();
        }

        var known = Known();
        return _phrases.FirstOrDefault(p => !_memory.Searched.Contains(p) && Best(p, known) is not { Fit: >= SureFit } && Chance(_skill.FindsRepair, $"miss/{p}"));
    }

    /// <summary>The tool to run next; null when it believes that it is done.</summary>
    private string? NextTool()
    {
        var intended = Intended();
        var at = 0;
        for (var i = 0; i < _memory.Runs.Count && at < intended.Count; i++)
        {
            at += _memory.Runs[i].Succeeded || !Chance(_skill.RetriesFailure, $"retry/{i}") ? 1 : 0;
        }

        // At the end a careful one looks back at what has not worked.
        return at < intended.Count ? intended[at]
            : ChecksPlan ? intended.Find(tool => !_memory.Runs.Contains((tool, true)))
            : null;
    }

    private List<string> Intended()
    {
        var tools = _memory.Plan is { } plan && !ChecksPlan ? Followed(plan) : FromTask();
        tools = [.. tools.Where((tool, i) => !Chance(_skill.SkipsStep, $"skip/{i}"))];
        if (tools.Count > 1 && Chance(_skill.SwapsSteps, "swap"))
        {
            var i = new SeededRandom($"mind/{_caseId}/swap-at").Next(tools.Count - 1);
            (tools[i], tools[i + 1]) = (tools[i + 1], tools[i]);
        }

        return tools;
    }

    /// <summary>The plan as it stands; a step that works on the output of a later one is believed and put behind it.</summary>
    private List<string> Followed(ShownPlan plan)
    {
        var order = Enumerable.Range(0, plan.Steps.Count).ToList();
        foreach (var (step, i) in plan.Steps.Select((step, i) => (step, i)))
        {
            if (step.UsesOutputOf is { } source && source > i + 1 && !Chance(_skill.FindsRepair, $"flow/{i}"))
            {
                order.Remove(i);
                order.Insert(order.IndexOf(source - 1) + 1, i);
            }
        }

        return [.. order.Select(i => plan.Steps[i].Tool)];
    }

    /// <summary>What the task asks for, phrase by phrase, each tool once.</summary>
    private List<string> FromTask()
    {
        var known = Known();
        var found = _phrases.Select(p => Best(p, known)).ToList();
        var asked = found.Where(f => f is not null).Select(f => f!.Value.Tool).Distinct(StringComparer.Ordinal).ToList();
        if (_memory.Plan is not { } plan)
        {
            return asked.Count > 0 ? asked : Sorted([.. known.Take(ToolsForAVagueTask)]);
        }

        // Only who understands the whole task can say what it does not need.
        var planned = plan.Tools.Distinct(StringComparer.Ordinal).ToList();
        return asked.Count > 0 && found.TrueForAll(f => f is { Fit: >= SureFit }) ? Rebuilt(plan, planned, asked) : Reordered(planned, asked);
    }

    /// <summary>The task's tools in its order, before each the plan's helpers of it; a step that nobody asked for stays when that is overlooked.</summary>
    private List<string> Rebuilt(ShownPlan plan, List<string> planned, List<string> asked)
    {
        var tools = new List<string>();
        foreach (var tool in asked)
        {
            tools.AddRange(Helpers(plan, tool).Where(helper => !tools.Contains(helper) && !asked.Contains(helper)));
            tools.Add(tool);
        }

        tools.AddRange(planned.Where(tool => !tools.Contains(tool) && !Chance(_skill.FindsRepair, $"needless/{tool}")));
        return tools;
    }

    /// <summary>The plan, with the tools that the task speaks of in the task's order, and behind it those it lacks.</summary>
    private static List<string> Reordered(List<string> planned, List<string> asked)
    {
        var inOrder = new Queue<string>(asked.Where(planned.Contains));
        return [.. planned.Select(tool => asked.Contains(tool) ? inOrder.Dequeue() : tool), .. asked.Except(planned)];
    }

    /// <summary>Steps of the plan that it says this tool builds on.</summary>
    private static IEnumerable<string> Helpers(ShownPlan plan, string tool) =>
        plan.Steps.Where(step => step.Reason.EndsWith($", which {tool} builds on", StringComparison.Ordinal)).Select(step => step.Tool);

    /// <summary>All tools it has read of, in the plan and in answers.</summary>
    private List<KnownTool> Known() =>
    [
        .. (_memory.Plan?.Steps.Select(step => new KnownTool(step.Tool, step.Reason, [])) ?? [])
            .Concat(_memory.Tools).DistinctBy(tool => tool.Name, StringComparer.Ordinal),
    ];

    /// <summary>The tool that fits a phrase best, or by mistake the second best; null when none fits well.</summary>
    private (string Tool, double Fit)? Best(string phrase, IReadOnlyList<KnownTool> known)
    {
        var fitting = known
            .Select(tool => (tool.Name, Fit: TaskReading.Fit(phrase, $"{tool.Name} {tool.Description}")))
            .Where(tool => tool.Fit >= GoodFit)
            .OrderByDescending(tool => tool.Fit)
            .ToList();
        return fitting.Count == 0 ? null : fitting[fitting.Count > 1 && !Chance(_skill.FindsRepair, $"fit/{phrase}") ? 1 : 0];
    }

    private static List<string> Sorted(List<KnownTool> tools)
    {
        var sorted = new List<string>();
        while (sorted.Count < tools.Count)
        {
            var left = tools.Where(tool => !sorted.Contains(tool.Name)).ToList();
            sorted.Add((left.Find(tool => !left.Exists(other => tool.WorksBestAfter.Contains(other.Name))) ?? left[0]).Name);
        }

        return sorted;
    }

    private bool Chance(double probability, string about) =>
        new SeededRandom(string.Create(CultureInfo.InvariantCulture, $"mind/{_caseId}/{about}")).NextDouble() < probability;
}
