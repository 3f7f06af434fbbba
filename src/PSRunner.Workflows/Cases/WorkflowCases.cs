using System.Globalization;
using System.Text.Json;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Prompts;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Cases;

/// <summary>Makes workflow cases: the cross product of what was asked for.</summary>
public static class WorkflowCases
{
    /// <summary>The kind of the cases.</summary>
    public const string Kind = "workflow";

    private const int MaxInstances = 100_000;
    private const int MaxTurns = 100;

    /// <summary>
    /// The cases, made as they are read; whatever is wrong with the options is thrown before the first. The same task for
    /// the same task type, difficulty, instance and seed, whatever model and prompt type.
    /// </summary>
    /// <param name="options">What to make.</param>
    /// <param name="models">The models that can be named.</param>
    /// <exception cref="TestBatchException">
    /// ModelMissing, ModelUnknown, PromptTypeAll, PromptTypeUnknown, DifficultyUnknown, TaskTypeUnknown, FlawSeverityUnknown,
    /// OutOfRange, TooFewTasks, or what is wrong with a tool registry or task library.
    /// </exception>
    public static IEnumerable<TestCase> Create(WorkflowCaseOptions options, IModelCatalog models)
    {
        if (options.Model.Count == 0)
        {
            throw Invalid("ModelMissing", $"Which model is to be tested? Name it with -Model. Known: {string.Join(", ", models.Names)}.", null);
        }

        if (options.PromptType.FirstOrDefault(p => p.Equals("all", StringComparison.OrdinalIgnoreCase)) is { } all)
        {
            throw Invalid(
                "PromptTypeAll",
                $"-PromptType all meant baseline, cot and optimal in the old runner. Write -PromptType baseline,cot,optimal, or * for all {PromptTypes.All.Count}.",
                all);
        }

        var taskTypes = options.TaskType.Select(t => t.Equals("all", StringComparison.OrdinalIgnoreCase) ? "*" : t).ToList();
        var axes = new Axes(
            Select("Model", options.Model, models.Names),
            [.. Select("PromptType", options.PromptType, [.. PromptTypes.All.Select(p => p.Name)]).Select(name => PromptTypes.Find(name)!)],
            Select("Difficulty", options.Difficulty, Difficulties.All),
            Select("TaskType", taskTypes, TaskTypes.All),
            [.. options.ToolSuccessRate.Distinct()],
            Select("FlawSeverity", options.FlawSeverity, Severities.All));
        CheckNumbers(options, axes);

        var registry = options.ToolRegistry is { } path ? ToolRegistry.Load(path) : BuiltInTools.Registry;
        var tasks = options.TaskLibrary is { } file ? TaskLibrary.Load(file, registry) : TaskLibrary.Generated(registry);
        foreach (var type in axes.TaskTypes)
        {
            foreach (var difficulty in axes.Difficulties)
            {
                tasks.Pick(type, difficulty, options.Seed, options.Instances); // Throws when there are too few.
            }
        }

        var shared = options.ToolRegistry is null ? null : new SharedDefinition(registry.Hash, registry.Json);
        return Make(options, axes, new Definitions(tasks, options), shared);
    }

    private static IEnumerable<TestCase> Make(WorkflowCaseOptions options, Axes axes, Definitions definitions, SharedDefinition? shared) =>
        from model in axes.Models
        from prompt in axes.Prompts
        from severity in prompt.IsFlawed ? axes.Severities : [""]
        from difficulty in axes.Difficulties
        from rate in axes.Rates
        from taskType in axes.TaskTypes
        from instance in Enumerable.Range(1, options.Instances)
        select new TestCase(
            Kind,
            Name(options, axes, model, prompt, severity, difficulty, rate, taskType, instance),
            [
                new(Parameters.Model, model),
                new(Parameters.PromptType, prompt.Name),
                new(Parameters.Difficulty, difficulty),
                new(Parameters.TaskType, taskType),
                new(Parameters.Instance, instance),
                new(Parameters.ToolSuccessRate, rate),
                new(Parameters.FlawSeverity, severity),
                new(Parameters.Seed, options.Seed),
                .. Unusual(options),
            ])
        {
            Lane = options.Resource ?? $"model:{model}",
            Tags = options.Tag,
            Repeat = options.Repeat,
            TestTimeoutSeconds = options.TestTimeoutSeconds,
            RetryCount = options.RetryCount,
            Definition = definitions.Of(taskType, difficulty, instance),
            Shared = shared,
        };

    // What tells cases apart stands first: tables cut names at their end.
    private static string Name(WorkflowCaseOptions options, Axes axes, string model, PromptType prompt, string severity, string difficulty, double rate, string taskType, int instance) =>
        string.Join(' ', ((string[])
        [
            model,
            prompt.IsFlawed ? prompt.Flaw : prompt.Name,
            options.Native ? "native" : "",
            options.MaxTurns != AgentOptions.DefaultMaxTurns ? string.Create(CultureInfo.InvariantCulture, $"{options.MaxTurns} turns") : "",
            axes.Severities.Count > 1 ? severity : "",
            axes.Difficulties.Count > 1 ? difficulty : "",
            axes.Rates.Count > 1 ? rate.ToString(CultureInfo.InvariantCulture) : "",
            taskType,
            instance.ToString(CultureInfo.InvariantCulture),
        ]).Where(part => part.Length > 0));

    // What most batches leave as it is stands on results only where it is not: two ways in one batch can be told apart.
    private static IEnumerable<KeyValuePair<string, object?>> Unusual(WorkflowCaseOptions options)
    {
        if (options.MaxTurns != AgentOptions.DefaultMaxTurns)
        {
            yield return new(Parameters.MaxTurns, options.MaxTurns);
        }

        if (options.Native)
        {
            yield return new(Parameters.NativeFunctionCalling, true);
        }
    }

    /// <summary>The known values that the patterns match, in the order of the patterns, each once.</summary>
    internal static List<string> Select(string parameter, IReadOnlyList<string> patterns, IReadOnlyList<string> known)
    {
        var selected = new List<string>();
        foreach (var pattern in patterns)
        {
            var matches = known.Where(value => Wildcard.IsMatch(pattern, value)).ToList();
            if (matches.Count == 0)
            {
                throw Invalid($"{parameter}Unknown", $"No {parameter} matches '{pattern}'. Known: {string.Join(", ", known)}.", pattern);
            }

            selected.AddRange(matches.Except(selected));
        }

        return selected;
    }

    private static void CheckNumbers(WorkflowCaseOptions options, Axes axes)
    {
        Check("Instances", options.Instances, options.Instances is >= 1 and <= MaxInstances, $"1 to {MaxInstances}");
        Check("MaxTurns", options.MaxTurns, options.MaxTurns is >= 1 and <= MaxTurns, $"1 to {MaxTurns}");
        Check("Repeat", options.Repeat, options.Repeat >= 1, "1 or more");
        foreach (var rate in axes.Rates)
        {
            Check("ToolSuccessRate", rate, rate is >= 0 and <= 1, "0 to 1");
        }

        static void Check(string parameter, double value, bool fits, string range)
        {
            if (!fits)
            {
                throw Invalid("OutOfRange", string.Create(CultureInfo.InvariantCulture, $"-{parameter} is {value}; it takes {range}."), value);
            }
        }
    }

    private static TestBatchException Invalid(string errorId, string message, object? target) => new(errorId, ErrorKind.InvalidArgument, message, target);

    private sealed record Axes(
        IReadOnlyList<string> Models,
        IReadOnlyList<PromptType> Prompts,
        IReadOnlyList<string> Difficulties,
        IReadOnlyList<string> TaskTypes,
        IReadOnlyList<double> Rates,
        IReadOnlyList<string> Severities);

    /// <summary>The texts of definitions; the same task is asked for once per model, prompt type, rate and severity.</summary>
    private sealed class Definitions(TaskLibrary tasks, WorkflowCaseOptions options)
    {
        private const int MaxKept = 4096;

        private readonly Dictionary<(string, string, int), string> _kept = [];

        public string Of(string taskType, string difficulty, int instance)
        {
            if (_kept.TryGetValue((taskType, difficulty, instance), out var text))
            {
                return text;
            }

            var definition = new WorkflowDefinition(tasks.Pick(taskType, difficulty, options.Seed, instance), options.MaxTurns, options.Native);
            text = JsonSerializer.Serialize(definition, WorkflowJson.Default.WorkflowDefinition);
            if (_kept.Count < MaxKept)
            {
                _kept.Add((taskType, difficulty, instance), text);
            }

            return text;
        }
    }
}
