using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tasks;

/// <summary>Words a task, more vaguely with each step of difficulty; never names a tool.</summary>
/// <remarks>
/// very_easy numbers every step; easy tells every step in a sentence; medium tells the first and the last and hints at
/// the fields between; hard tells the goal, the fields and the last step's purpose; very_hard tells only what somebody wishes.
/// </remarks>
internal static class TaskWording
{
    private static readonly string[] Subjects =
    [
        "the orders of a small web shop", "the temperature readings of a greenhouse", "the loans of a town library",
        "the arrival times of a bus line", "the invoices of a workshop", "the bookings of a mountain hut",
        "the harvest figures of a fruit farm", "the visitors of an open-air museum", "the support requests of a software team",
        "the water levels of a river", "the members of a rowing club", "the flights of a weather balloon",
        "the stock of a bicycle dealer", "the survey answers of a school", "the repairs of a tram depot", "the recordings of a bird station",
    ];

    private static readonly Dictionary<string, string[]> Goals = new(StringComparer.Ordinal)
    {
        ["simple_task"] = ["one open question gets its answer", "a single gap is closed", "today's loose end is tied up"],
        ["basic_task"] = ["the data are fit to work with", "the weekly check has what it needs", "the usual routine runs again"],
        ["data_pipeline"] = ["figures come out that can be trusted", "raw input becomes a finished table", "the numbers are ready every night"],
        ["api_integration"] = ["two systems tell the same story", "the other side receives what it waits for", "nobody has to copy data by hand"],
        ["multi_stage_pipeline"] = ["the whole chain from source to recipient works", "every department gets its part in time", "input, checks and delivery fit together"],
    };

    private static readonly string[] Closings =
        ["Stop as soon as everything has been done.", "Nothing else needs to be touched.", "Each step matters, none more than once.", "Leave nothing half done."];

    /// <param name="taskType">One of <see cref="TaskTypes"/>.</param>
    /// <param name="difficulty">One of <see cref="Difficulties"/>.</param>
    /// <param name="tools">What the task requires, in its order.</param>
    /// <param name="seed">Decides subject and goal (the same for all difficulties) and the turns of phrase.</param>
    public static string Write(string taskType, string difficulty, IReadOnlyList<ToolDefinition> tools, string seed)
    {
        var random = new SeededRandom(seed);
        var subject = random.Pick(Subjects);
        var goal = random.Pick(Goals[taskType]);
        var closing = random.Pick(Closings);
        var steps = tools.Select(ToolPhrase.Of).ToList();
        var fields = Listed([.. tools.Select(tool => ToolPhrase.Spoken(tool.Category)).Distinct(StringComparer.Ordinal)]);
        return difficulty switch
        {
            "very_easy" => $"This is about {subject}. Do exactly these {steps.Count} steps, in this order: "
                + string.Join("; ", steps.Select((step, index) => $"({index + 1}) {step}")) + $". {closing}",
            "easy" => random.Pick(["Work on", "Take care of", "Look after"]) + $" {subject}: {Told(steps)}. The point is that {goal}.",
            "medium" => $"See to it that {goal}; it is about {subject}. "
                + random.Pick(["Begin with this:", "The first thing to do:", "It starts so:"]) + $" {steps[0]}. In the end, {steps[^1]}. "
                + (steps.Count > 2 ? $"What lies between is for you to find; it takes {fields}." : closing),
            "hard" => random.Pick(["It is expected that", "What counts in the end is that", "The aim:"])
                + $" {goal}, for {subject}. The way there leads through {fields}, and its last stretch is this: {steps[^1]}.",
            "very_hard" => $"Somebody responsible for {subject} is not content and wants that {goal}. "
                + random.Pick(["How you get there is up to you.", "More was not said.", "You will know what that takes."]),
            _ => throw new ArgumentException($"'{difficulty}' is no difficulty.", nameof(difficulty)),
        };
    }

    private static string Told(List<string> steps) => steps.Count == 1
        ? steps[0]
        : $"first {steps[0]}, " + string.Concat(steps.Skip(1).SkipLast(1).Select(step => $"then {step}, ")) + $"and finally {steps[^1]}";

    private static string Listed(List<string> words) =>
        words.Count == 1 ? words[0] : string.Join(", ", words.SkipLast(1)) + " and " + words[^1];
}
