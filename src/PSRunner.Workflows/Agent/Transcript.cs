using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Workflows.Tasks;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Agent;

/// <summary>A line of a transcript.</summary>
[JsonPolymorphic(TypeDiscriminatorPropertyName = "type")]
[JsonDerivedType(typeof(TranscriptCase), "case")]
[JsonDerivedType(typeof(TranscriptPrompt), "prompt")]
[JsonDerivedType(typeof(TranscriptMessage), "message")]
[JsonDerivedType(typeof(TranscriptRun), "run")]
[JsonDerivedType(typeof(TranscriptEnd), "end")]
internal abstract record TranscriptLine;

/// <summary>The first line: what was asked.</summary>
/// <param name="CaseId">The case's id.</param>
/// <param name="Parameters">The case's parameters by name, values as text.</param>
/// <param name="Task">The task.</param>
/// <param name="CorrectPlan">The tools of the correct plan.</param>
/// <param name="ShownPlan">The tools of the plan that the model was shown; null when it was shown none.</param>
/// <param name="Dependencies">The dependencies of the required tools; all that judging asks of a registry.</param>
/// <param name="PlanProbability">The chance that who follows the best policy completes the task, 0 to 1 (<see cref="Planning.PlanResult"/>).</param>
/// <param name="PlanDropped">Dependencies that the planner left out because the problem would have been too large; null when it left out none.</param>
/// <param name="PlanDroppedCost">What leaving them out may cost at most, as a probability.</param>
internal sealed record TranscriptCase(
    string CaseId,
    IReadOnlyDictionary<string, string?> Parameters,
    WorkflowTask Task,
    IReadOnlyList<string> CorrectPlan,
    IReadOnlyList<string>? ShownPlan,
    IReadOnlyDictionary<string, IReadOnlyList<string>> Dependencies,
    double PlanProbability = 0,
    IReadOnlyList<string>? PlanDropped = null,
    double PlanDroppedCost = 0) : TranscriptLine;

/// <summary>The first line of a plain prompt's transcript: what was asked for.</summary>
/// <param name="CaseId">The case's id.</param>
/// <param name="Parameters">The case's parameters by name, values as text.</param>
/// <param name="Expect">One of <see cref="Expectations.ExpectationKinds"/>.</param>
/// <param name="Value">What was expected.</param>
internal sealed record TranscriptPrompt(string CaseId, IReadOnlyDictionary<string, string?> Parameters, string Expect, string Value) : TranscriptLine;

/// <summary>A message.</summary>
internal sealed record TranscriptMessage(int Turn, string Role, string Text) : TranscriptLine;

/// <summary>A tool run.</summary>
internal sealed record TranscriptRun(int Turn, string? Arguments, ToolRun Run) : TranscriptLine;

/// <summary>The last line: how it ended, what was counted, what it scored.</summary>
internal sealed record TranscriptEnd(
    ConversationEnd End,
    string? FaultCause,
    string? FaultMessage,
    ConversationCounts Counts,
    string Cause,
    double Score,
    IReadOnlyDictionary<string, double> Metrics) : TranscriptLine;

/// <summary>The file <c>transcript.jsonl</c> of an attempt: complete enough to judge the attempt again without any model.</summary>
internal static class Transcript
{
    /// <summary>A case's parameters by name, values as text.</summary>
    public static IReadOnlyDictionary<string, string?> ParametersOf(TestCase testCase) =>
        testCase.GetParameters().ToDictionary(p => p.Key, p => Convert.ToString(p.Value, System.Globalization.CultureInfo.InvariantCulture));

    /// <summary>The artifact's name.</summary>
    public const string FileName = "transcript.jsonl";

    // Tags and quotes as they are, not as \u003C: people read and search these files.
    private static readonly WorkflowJson Json = new(new JsonSerializerOptions(WorkflowJson.Default.Options) { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });

    /// <summary>Characters of one message that are kept; judging needs none of them.</summary>
    private const int MaxMessageChars = 200_000;

    /// <summary>Writes a conversation and its judgement as JSON Lines. Equal conversations give equal bytes.</summary>
    /// <param name="head">What was asked.</param>
    /// <param name="conversation">What happened.</param>
    /// <param name="cause">How it was judged.</param>
    /// <param name="score">What it scored.</param>
    /// <param name="metrics">What was counted.</param>
    public static byte[] Write(TranscriptLine head, Conversation conversation, string cause, double score, IReadOnlyDictionary<string, double> metrics)
    {
        using var bytes = new MemoryStream();
        Append(head);

        // Runs follow the reply that asked for them.
        var runs = conversation.Runs.ToLookup(run => run.Turn);
        foreach (var message in conversation.Messages)
        {
            Append(new TranscriptMessage(message.Turn, message.Role, message.Text.Length <= MaxMessageChars ? message.Text : message.Text[..MaxMessageChars]));
            foreach (var run in message.Role == "assistant" ? runs[message.Turn] : [])
            {
                Append(new TranscriptRun(run.Turn, run.Arguments, run.Run));
            }
        }

        Append(new TranscriptEnd(
            conversation.End, conversation.Fault?.Cause, conversation.Fault?.Message, conversation.Counts, cause, score, metrics));
        return bytes.ToArray();

        void Append(TranscriptLine line)
        {
            JsonSerializer.Serialize(bytes, line, Json.TranscriptLine);
            bytes.WriteByte((byte)'\n');
        }
    }

    /// <summary>Reads a transcript.</summary>
    /// <param name="content">The bytes of the file.</param>
    /// <param name="source">Its path, for messages.</param>
    /// <exception cref="TestBatchException">TranscriptInvalid: what is wrong in which line.</exception>
    public static (TranscriptCase Head, Conversation Conversation, TranscriptEnd End) Read(ReadOnlySpan<byte> content, string source)
    {
        TranscriptCase? head = null;
        TranscriptEnd? end = null;
        var conversation = new Conversation();
        var number = 0;
        foreach (var text in Encoding.UTF8.GetString(content).Split('\n', StringSplitOptions.RemoveEmptyEntries))
        {
            number++;
            switch (Parse(text, number, source))
            {
                case TranscriptCase first when number == 1:
                    head = first;
                    break;
                case TranscriptMessage message:
                    conversation.Messages.Add(new SpokenMessage(message.Turn, message.Role, message.Text));
                    break;
                case TranscriptRun run:
                    conversation.Runs.Add(new RequestedRun(run.Turn, run.Arguments, run.Run));
                    break;
                case TranscriptEnd last:
                    end = last;
                    break;
            }
        }

        if (head is null || end is null)
        {
            throw Invalid(source, number, head is null ? "it does not begin with a line of type case" : "its line of type end is missing; the file was cut off");
        }

        var complete = new Conversation
        {
            Messages = conversation.Messages,
            Runs = conversation.Runs,
            Counts = end.Counts,
            End = end.End,
            Fault = end.FaultCause is { } cause ? new ProviderFault(cause, end.FaultMessage ?? "") : null,
        };
        return (head, complete, end);
    }

    private static TranscriptLine? Parse(string text, int number, string source)
    {
        try
        {
            return JsonSerializer.Deserialize(text, Json.TranscriptLine);
        }
        catch (JsonException error)
        {
            throw Invalid(source, number, error.Message);
        }
    }

    private static TestBatchException Invalid(string source, int line, string what) => new(
        "TranscriptInvalid", ErrorKind.InvalidData, $"'{source}', line {line}, is no transcript: {what}. Give a {FileName} that a batch wrote.", source);
}
