using System.Globalization;
using System.Runtime.CompilerServices;
using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Models;

/// <summary>
/// A chat client that plays an agent: it reads the conversation it is sent, decides (<see cref="AgentMind"/>), and writes
/// its decision as tags or native calls, in pieces, after a drawn time. Keeps nothing between requests but their number.
/// What it says hangs on the case alone; how long it takes and what goes wrong on the try too, so that trying again can help.
/// </summary>
internal sealed class EmbeddedModel(ModelProfile profile, string caseId, int tryNumber, TimeProvider time, double latencyScale) : IChatClient
{
    private const int Pieces = 3;

    /// <summary>What a throttled request is told to wait, before scaling.</summary>
    private const double RetryAfterSeconds = 2;

    private static readonly TimeSpan DripPause = TimeSpan.FromSeconds(1);

    private int _requests;

    /// <inheritdoc/>
    public async Task<ChatResponse> GetResponseAsync(IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default) =>
        await GetStreamingResponseAsync(messages, options, cancellationToken).ToChatResponseAsync(cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var request = Interlocked.Increment(ref _requests);
        var fault = FaultPlan.Of(profile.Faults, caseId, tryNumber, request);
        if (fault == Fault.Hang)
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken).ConfigureAwait(false);
        }

        while (fault == Fault.Drip)
        {
            await Task.Delay(DripPause, time, cancellationToken).ConfigureAwait(false);
            yield return new ChatResponseUpdate(ChatRole.Assistant, ".");
        }

        var memory = AgentMemory.Of([.. messages]);
        var seconds = profile.Latency.Draw(new SeededRandom(string.Create(CultureInfo.InvariantCulture, $"latency/{caseId}/{tryNumber}/{memory.Turn}")));
        await WaitAsync(seconds / 2, cancellationToken).ConfigureAwait(false);
        ThrowIf(fault);
        if (fault is Fault.Empty or Fault.Garbage)
        {
            yield return new ChatResponseUpdate(ChatRole.Assistant, fault == Fault.Empty ? "" : "<html><head><title>502 Bad Gateway</title></head></html>");
            yield break;
        }

        var native = options?.Tools is { Count: > 0 };
        var decision = native || TaskReading.HasTask(memory.Prompt)
            ? new AgentMind(profile.Skill, caseId, memory).Decide()
            : new AgentDecision(null, "", PlainAnswer.To(memory.Prompt, profile.Skill, caseId));
        var text = native && decision.Kind is not null ? decision.Thought : AgentVoice.Write(decision, profile.Skill.ClosesCallTags);
        for (var piece = 0; piece < Pieces; piece++)
        {
            await WaitAsync(seconds / 2 / Pieces, cancellationToken).ConfigureAwait(false);
            yield return new ChatResponseUpdate(ChatRole.Assistant, text[(text.Length * piece / Pieces)..(text.Length * (piece + 1) / Pieces)]);
        }

        if (native && decision.Kind is { } kind)
        {
            var argument = kind == ActionKind.Search ? "words" : "name";
            var call = new FunctionCallContent(
                string.Create(CultureInfo.InvariantCulture, $"call-{request}"), TagScanner.NameOf(kind), new Dictionary<string, object?> { [argument] = decision.Text });
            yield return new ChatResponseUpdate(ChatRole.Assistant, [call]);
        }
    }

    /// <inheritdoc/>
    public object? GetService(Type serviceType, object? serviceKey = null) => serviceKey is null && serviceType.IsInstanceOfType(this) ? this : null;

    /// <inheritdoc/>
    public void Dispose()
    {
    }

    private Task WaitAsync(double seconds, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        return latencyScale > 0 ? Task.Delay(TimeSpan.FromSeconds(seconds * latencyScale), time, cancellation) : Task.CompletedTask;
    }

    private void ThrowIf(Fault fault)
    {
        switch (fault)
        {
            case Fault.Throttle:
                throw new ProviderException(Causes.Throttled, "429: too many requests (simulated).", TimeSpan.FromSeconds(RetryAfterSeconds * latencyScale));
            case Fault.ServerError:
                throw new ProviderException(Causes.ServerError, "500: internal error (simulated).");
            case Fault.Connection:
                throw new HttpRequestException("The connection was reset (simulated).");
        }
    }
}
