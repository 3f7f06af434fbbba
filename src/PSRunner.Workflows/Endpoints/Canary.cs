using Microsoft.Extensions.AI;
using PSRunner.Workflows.Agent;

namespace PSRunner.Workflows.Endpoints;

/// <summary>What the first requests to an endpoint showed.</summary>
/// <param name="Check"><c>request</c> or <c>round trip</c>: what was looked at last.</param>
/// <param name="Cause">Why it cannot be used; empty: it can.</param>
/// <param name="Message">What was found, in words.</param>
/// <param name="IsHealthy">True when every key and deployment answered.</param>
internal sealed record CanaryFinding(string Check, string Cause, string Message, bool IsHealthy)
{
    /// <summary>True when every case would end the same way, so that none needs to begin.</summary>
    public bool IsFinal => Cause is Causes.Auth or Causes.Quota or Causes.BadRequest or Causes.GarbageReply;
}

/// <summary>
/// The first requests to a model, before any case: one to each key and deployment, and one round trip with a tool's result.
/// It tells an invalid key, an unknown model and a format that cannot be read; it does not judge what the model says.
/// </summary>
internal static class Canary
{
    private const string ToolName = "ping";

    private static readonly AITool Ping = AIFunctionFactory.CreateDeclaration(
        ToolName, "Checks the connection.", System.Text.Json.JsonDocument.Parse("""{"type":"object","properties":{}}""").RootElement.Clone());

    /// <summary>Looks at an endpoint. Throws only when it is canceled.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="native">True: with native function calls; false: as text.</param>
    /// <param name="log">What is told of the requests.</param>
    /// <param name="limit">The longest time of one request.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellation">Gives it up.</param>
    public static async Task<CanaryFinding> LookAsync(
        ModelEndpoint endpoint, bool native, RequestLog log, TimeSpan limit, TimeProvider time, CancellationToken cancellation)
    {
        var findings = new List<(CanaryFinding Finding, string Label)>();
        var hasTripped = false;
        foreach (var deployment in endpoint.Deployments)
        {
            // A key that was turned away in an earlier session may be good now; a few tries tell bad luck from a bad endpoint.
            deployment.Gate.Reopen();
            using var client = new EndpointClient(new ModelEndpoint(endpoint.Name, [deployment], time, resends: 2), log, limit);
            var finding = await LookAsync(client, native, isRoundTrip: !hasTripped, cancellation).ConfigureAwait(false);
            hasTripped |= finding.Cause.Length == 0;
            findings.Add((finding, deployment.Options.Label));
        }

        var bad = findings.FindAll(f => f.Finding.Cause.Length > 0);
        if (bad.Count == 0)
        {
            return findings[0].Finding;
        }

        // One that works is enough for the tests to run.
        var decides = bad.Count == findings.Count ? bad[0].Finding : findings.Find(f => f.Finding.Cause.Length == 0).Finding;
        return decides with
        {
            IsHealthy = false,
            Message = endpoint.Redact(string.Join("; ", bad.Select(f => f.Label.Length == 0 ? f.Finding.Message : $"{f.Label}: {f.Finding.Message}"))),
        };
    }

    private static async Task<CanaryFinding> LookAsync(EndpointClient client, bool native, bool isRoundTrip, CancellationToken cancellation)
    {
        var check = "request";
        try
        {
            var options = native ? new ChatOptions { Tools = [Ping] } : null;
            List<ChatMessage> messages = [new(ChatRole.User, native ? $"Call the function {ToolName}." : $"Reply with exactly this line: <tool_call>{ToolName}</tool_call>")];
            var reply = await client.GetStreamingResponseAsync(messages, options, cancellation).ToChatResponseAsync(cancellation).ConfigureAwait(false);
            if (ProviderFaults.OfReply(reply.Text, Calls(reply).Count, isUnwrapped: true) is { } fault)
            {
                return new CanaryFinding(check, fault.Cause, fault.Message, IsHealthy: false);
            }

            if (!isRoundTrip)
            {
                return new CanaryFinding(check, "", "It answers.", IsHealthy: true);
            }

            check = "round trip";
            messages.AddRange(reply.Messages);
            messages.Add(Calls(reply) is { Count: > 0 } calls
                ? new ChatMessage(ChatRole.Tool, [.. calls.Select(call => (AIContent)new FunctionResultContent(call.CallId, "pong"))])
                : new ChatMessage(ChatRole.User, "pong"));
            await client.GetStreamingResponseAsync(messages, options, cancellation).ToChatResponseAsync(cancellation).ConfigureAwait(false);
            return new CanaryFinding(check, "", "It answers, and takes the result of a tool.", IsHealthy: true);
        }
        catch (ProviderException error)
        {
            return new CanaryFinding(check, error.Cause, error.Message, IsHealthy: false);
        }
    }

    private static List<FunctionCallContent> Calls(ChatResponse reply) => [.. reply.Messages.SelectMany(m => m.Contents).OfType<FunctionCallContent>()];
}
