using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Expectations;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows;

/// <summary>Runs plain prompts: one request, one reply, held to what was expected. A reply that fits scores 1 and another 0.</summary>
/// <param name="models">The models that cases name.</param>
/// <param name="scripts">Runs the scripts that judge replies.</param>
public sealed class PromptExecutor(IModelCatalog models, IReplyScripts scripts) : ISessionExecutor
{
    /// <summary>The longest time of one check, script apart. Patterns and schemas give up before.</summary>
    private static readonly TimeSpan CheckLimit = TimeSpan.FromSeconds(10);

    // Cases of a plan share the text of their schema; it is read once.
    private readonly ConditionalWeakTable<string, Expectation> _schemas = [];

    /// <inheritdoc/>
    public string Kind => PromptCases.Kind;

    /// <inheritdoc/>
    public string Fingerprint => $"prompt/1{scripts.Fingerprint}";

    /// <inheritdoc/>
    public IReadOnlyList<string> Metrics { get; } = [.. MetricNames.OfRequests, .. MetricNames.OfEndpoint, .. scripts.Metrics];

    /// <inheritdoc/>
    public bool JudgesModel => true;

    /// <inheritdoc/>
    public bool CanCrashHost => false;

    /// <inheritdoc/>
    public double DefaultTestTimeoutSeconds => 600;

    /// <inheritdoc/>
    public Secrets Secrets => models.Secrets;

    /// <inheritdoc/>
    public ILaneSteward? Steward => models as ILaneSteward;

    /// <inheritdoc/>
    public string NeedOf(TestCase testCase) => ModelNeed.Of(testCase, native: false);

    /// <inheritdoc/>
    public void TryOut() => scripts.TryOut();

    /// <inheritdoc/>
    public IDisposable BeginSession(SessionFacts session) => scripts.BeginSession(session);

    /// <inheritdoc/>
    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var definition = PromptDefinition.Of(context.Case);
        using var client = models.Create(context.Case.GetParameter(Parameters.Model) as string ?? "", context);
        var conversation = new Conversation();
        var reply = await AskAsync(client, definition, conversation, context, cancellation).ConfigureAwait(false);
        var verdict = conversation switch
        {
            { Fault: { } fault } => new AttemptReport { Cause = fault.Cause, Message = fault.Message, RetryAfter = fault.RetryAfter },

            // The conductor knows why it canceled and overrules this.
            { End: ConversationEnd.Canceled } => new AttemptReport { Cause = Causes.TestTimeout, Message = "cut off before the reply" },
            _ => await JudgeAsync(definition, reply, context, cancellation).ConfigureAwait(false),
        };
        var counts = conversation.Counts;
        IReadOnlyDictionary<string, double> metrics = new Dictionary<string, double>(verdict.Metrics, StringComparer.Ordinal)
        {
            [MetricNames.Requests] = counts.Requests,
            [MetricNames.ProviderErrors] = conversation.Fault is null ? 0 : 1,
            [MetricNames.InputChars] = counts.InputChars,
            [MetricNames.OutputChars] = counts.OutputChars,
        };
        metrics = client.GetService<RequestLog>() is { } log ? EndpointMetrics.Added(metrics, log) : metrics;
        var head = new TranscriptPrompt(context.CaseId, Transcript.ParametersOf(context.Case), definition.Expect, definition.Value);
        return verdict with
        {
            Metrics = metrics,
            Artifacts = [new Artifact(Transcript.FileName, Transcript.Write(head, conversation, verdict.Cause, verdict.Score, metrics)), .. verdict.Artifacts],
        };
    }

    /// <summary>Sends the one request. Does not throw on cancellation or a fault of the provider: the conversation says it.</summary>
    private static async Task<ModelReply> AskAsync(
        IChatClient client, PromptDefinition definition, Conversation conversation, AttemptContext context, CancellationToken cancellation)
    {
        var messages = new List<ChatMessage>();
        foreach (var (role, text) in (ReadOnlySpan<(ChatRole, string?)>)[(ChatRole.System, definition.System), (ChatRole.User, definition.Prompt)])
        {
            if (text is not null)
            {
                messages.Add(new ChatMessage(role, text));
                conversation.Messages.Add(new SpokenMessage(0, role.Value, text));
                conversation.Counts.InputChars += text.Length;
            }
        }

        try
        {
            conversation.Counts.Requests++;
            var reply = await new ModelRequest(client, new ChatOptions(), context).SendAsync(messages, 1, cancellation).ConfigureAwait(false);
            conversation.Counts.Turns++;
            conversation.Counts.OutputChars += reply.Text.Length;
            conversation.Messages.Add(new SpokenMessage(1, ChatRole.Assistant.Value, reply.Text));
            conversation.End = ConversationEnd.Answered;
            return reply;
        }
        catch (ProviderException error)
        {
            conversation.Fault = new ProviderFault(error.Cause, error.Message, error.RetryAfter);
            conversation.End = ConversationEnd.ProviderFault;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            conversation.End = ConversationEnd.Canceled;
        }

        return new ModelReply("", []);
    }

    private async Task<AttemptReport> JudgeAsync(PromptDefinition definition, ModelReply said, AttemptContext context, CancellationToken cancellation)
    {
        var text = said.Text;
        var reply = Expectation.Tidy(Thoughts.Without(text));
        if (reply.Length == 0)
        {
            return new AttemptReport { Cause = Causes.EmptyReply, Message = "The reply holds thoughts and no answer.", Output = text };
        }

        if (definition.Expect == ExpectationKinds.Script)
        {
            return await JudgeByScriptAsync(reply, context, cancellation).ConfigureAwait(false);
        }

        var parameter = ExpectationKinds.ParameterOf(definition.Expect);
        try
        {
            var expectation = definition.Expect == ExpectationKinds.Schema
                ? _schemas.GetValue(context.SharedText ?? "", static json => Expectation.Of(ExpectationKinds.Schema, json))
                : Expectation.Of(definition.Expect, definition.Value);
            var exact = Expectation.Tidy(Thoughts.Without(said.Exact));
            var miss = await Task.Run(() => expectation.Miss(exact), cancellation).WaitAsync(CheckLimit, context.Time, cancellation).ConfigureAwait(false);
            return new AttemptReport { Cause = miss is null ? Causes.None : Causes.WrongAnswer, Score = miss is null ? 1 : 0, Message = miss is null ? "" : Told(miss, reply), Output = text };
        }
        catch (TimeoutException)
        {
            // Not the model's doing: another expectation would have been through with the same reply at once.
            return new AttemptReport
            {
                Cause = Causes.Exception,
                Message = string.Create(CultureInfo.InvariantCulture, $"{parameter} takes too long on a reply of {reply.Length} characters. Simplify it."),
                Output = text,
            };
        }
    }

    private async Task<AttemptReport> JudgeByScriptAsync(string reply, AttemptContext context, CancellationToken cancellation)
    {
        context.ReportProgress("reply received, judged by -ExpectScript");
        AttemptReport verdict;
        using (context.KeepOwnLimit())
        {
            verdict = await scripts.JudgeAsync(context, reply, cancellation).ConfigureAwait(false);
        }

        // What the script found wanting is the model's answer; what it broke by is the script's own.
        var cause = verdict.Cause == Causes.Assertion ? Causes.WrongAnswer : verdict.Cause;
        var isJudged = Causes.Find(cause).Scored;
        return verdict with
        {
            Cause = cause,
            Score = !isJudged || !double.IsNaN(verdict.Score) ? verdict.Score : cause == Causes.None ? 1 : 0,
            Message = isJudged && cause != Causes.None ? Told(verdict.Message.Length > 0 ? verdict.Message : "-ExpectScript says no", reply)
                : cause == Causes.None ? verdict.Message : $"-ExpectScript: {verdict.Message}",
            Output = verdict.Output.Length > 0 ? $"{reply}\n[-ExpectScript]\n{verdict.Output}" : reply,
        };
    }

    private static string Told(string miss, string reply) => $"{miss}; got {Excerpt.Of(reply)}";
}
