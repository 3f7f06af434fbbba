namespace PSRunner.Workflows.Models;

/// <summary>A simulated agent: what it is good at, how fast it is, what its provider does to it.</summary>
/// <param name="Name">The name that cases use.</param>
/// <param name="Skill">How it works.</param>
/// <param name="Latency">How long a reply takes.</param>
/// <param name="Faults">How often a request goes wrong.</param>
internal sealed record ModelProfile(string Name, AgentSkill Skill, Latency Latency, FaultRates Faults);

/// <summary>How an agent works. All but <paramref name="ClosesCallTags"/> are chances from 0 to 1.</summary>
/// <param name="ChecksPlan">That it checks a plan against the task before it follows it, once per case.</param>
/// <param name="FindsRepair">That it sees what is wrong with a step, or the tool that a step of the task needs, once per step.</param>
/// <param name="RetriesFailure">That it runs a tool again after a failure instead of going on.</param>
/// <param name="SkipsStep">That it leaves a step out, once per step.</param>
/// <param name="SwapsSteps">That it swaps two neighbouring steps, once per case.</param>
/// <param name="StopsEarly">That it ends the case with a false claim or without a word, per turn.</param>
/// <param name="ClosesCallTags">False: it writes <c>&lt;tool_call&gt;name</c> and stops.</param>
internal sealed record AgentSkill(
    double ChecksPlan,
    double FindsRepair,
    double RetriesFailure,
    double SkipsStep,
    double SwapsSteps,
    double StopsEarly,
    bool ClosesCallTags = true);

/// <summary>The table of embedded models: the only place with their numbers.</summary>
internal static class ModelProfiles
{
    private static readonly AgentSkill Strong = new(
        ChecksPlan: 0.85, FindsRepair: 0.95, RetriesFailure: 0.98, SkipsStep: 0.005, SwapsSteps: 0.01, StopsEarly: 0.002);

    private static readonly AgentSkill Weak = new(
        ChecksPlan: 0, FindsRepair: 0.6, RetriesFailure: 0.75, SkipsStep: 0.03, SwapsSteps: 0.05, StopsEarly: 0.01);

    /// <summary>All profiles, in the order in which they are listed.</summary>
    public static IReadOnlyList<ModelProfile> All { get; } =
    [
        new("sim-strong", Strong, Latency.LikeLargeModels, FaultRates.None),
        new("sim-weak", Weak, Latency.LikeSmallModels, FaultRates.None),
        new("sim-unclosed-tags", Strong with { ChecksPlan = 0.5, FindsRepair = 0.85, RetriesFailure = 0.9, ClosesCallTags = false }, Latency.LikeMediumModels, FaultRates.None),
        new("sim-hangs", Strong, Latency.LikeLargeModels, new FaultRates(Hang: 1)),
        new("sim-flaky", Strong, Latency.LikeLargeModels, new FaultRates(Throttle: 0.015, ServerError: 0.01, Connection: 0.005, Empty: 0.005, Garbage: 0.005)),
    ];
}
