using System.Collections.Concurrent;
using System.Text.RegularExpressions;
using PSRunner.ModelServer;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Models;
using Fault = PSRunner.ModelServer.Fault;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>A request of an errand.</summary>
/// <param name="Number">The errand.</param>
/// <param name="Turn">The turn of its conversation, from 1.</param>
/// <param name="Times">How often this turn was asked for by now, from 1.</param>
internal readonly record struct Visit(int Number, int Turn, int Times);

/// <summary>
/// Small numbered tasks, each two tools long, and a wit that never fails them: what does not pass is the fault of what the
/// server did to it. Half of them go to an endpoint that streams, half to one that does not.
/// </summary>
internal sealed partial class Errands(string name, Func<Visit, Fault?> faultOf)
{
    private static readonly string[] Tools = ["files_list", "services_login"];
    private readonly ConcurrentDictionary<(string, int, int), int> _visits = new();
    private readonly ConcurrentDictionary<(string, int), ConcurrentQueue<Fault>> _met = new();

    public string Name => name;

    public string Streaming => name.Trim('(', ')') + "-pieces";

    public string Whole => name.Trim('(', ')') + "-whole";

    /// <summary>Errands that the engine does not try again: their fault lasts, so that it would only take longer.</summary>
    public Func<int, bool> IsTriedOnce { get; init; } = _ => false;

    /// <summary>Registers the server under both names, without limits of its own.</summary>
    public void Register(EndpointBatch batch, Uri address)
    {
        batch.Register(Streaming, address, e => e with { RequestsPerMinute = 600_000 });
        batch.Register(Whole, address, e => e with { RequestsPerMinute = 600_000, NoStreaming = true });
    }

    /// <summary>The cases.</summary>
    public List<TestCase> Cases(int count, string folder, IModelCatalog models)
    {
        var library = Path.Combine(folder, name + "-errands.json");
        var tasks = Enumerable.Range(0, count / 2).Select(i =>
            $$"""{"id":"errand-{{i}}","task_type":"simple_task","difficulty":"easy","description":"Errand {{i}}: look, then log in.","required_tools":["{{Tools[0]}}","{{Tools[1]}}"]}""");
        File.WriteAllText(library, $"[{string.Join(',', tasks)}]");
        var options = new WorkflowCaseOptions { Model = [Streaming, Whole], TaskType = ["simple_task"], Instances = count / 2, ToolSuccessRate = [1], TaskLibrary = library };
        return [.. WorkflowCases.Create(options, models).Select(c => new TestCase(c.Kind, c.Name, c.GetParameters())
        {
            Lane = c.Lane,
            Definition = c.Definition,
            RetryCount = IsTriedOnce(NumberIn(c.Definition)) ? 0 : null,
        })];
    }

    /// <summary>The reply of the wit; what is no errand, a canary for instance, is answered politely.</summary>
    public static ChatReply Reply(ChatRequest request) => IsErrand(request)
        ? new($"I think about what is done and what is left to do, and then I act. <tool_call>{Tools.First(tool => !request.Messages.Any(m => m.Text.StartsWith($"Result of {tool}: success", StringComparison.Ordinal)))}</tool_call>")
        : new("pong");

    /// <summary>The fault that a request meets.</summary>
    public Fault? Meet(ChatRequest request)
    {
        if (!IsErrand(request))
        {
            return null;
        }

        var (number, turn) = (NumberIn(request.Messages[1].Text), 1 + request.Messages.Count(m => m.Role == "assistant"));
        var times = _visits.AddOrUpdate((request.Model, number, turn), 1, (_, n) => n + 1);
        var fault = faultOf(new Visit(number, turn, times));
        if (fault is { } met)
        {
            _met.GetOrAdd((request.Model, number), _ => []).Enqueue(met);
        }

        return fault;
    }

    /// <summary>The faults that a case met, in their order.</summary>
    public IReadOnlyList<Fault> MetBy(TestCase testCase) => _met.TryGetValue(((string)testCase.GetParameter("Model")!, NumberIn(testCase.Definition)), out var met) ? [.. met] : [];

    private static bool IsErrand(ChatRequest request) => request.Messages.Count > 1 && Number().IsMatch(request.Messages[1].Text);

    private static int NumberIn(string text) => int.Parse(Number().Match(text).Groups[1].Value);

    [GeneratedRegex(@"Errand (\d+):")]
    private static partial Regex Number();
}
