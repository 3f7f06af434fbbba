using System.Globalization;
using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;

namespace PSRunner.Workflows.Models;

/// <summary>The models that come with PSRunner: simulated agents, no network (see <see cref="ModelProfiles"/>).</summary>
public sealed class EmbeddedModels : IModelCatalog
{
    /// <summary>The environment variable that scales the latency of embedded models: 1 is as recorded, 0 is none.</summary>
    public const string LatencyScaleVariable = "PSRUNNER_SIM_LATENCY_SCALE";

    /// <summary>The scale when the variable is not set: a hundred times faster than real models.</summary>
    public const double DefaultLatencyScale = 0.01;

    /// <summary>A thousand times slower than real models: beyond that no wait could be told to a timer.</summary>
    private const double MostLatencyScale = 1_000;

    private readonly double _latencyScale;

    /// <param name="latencyScale">Factor on all waits that models choose themselves, at least 0.</param>
    public EmbeddedModels(double latencyScale)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(latencyScale);
        _latencyScale = latencyScale;
    }

    /// <inheritdoc/>
    public IReadOnlyList<string> Names { get; } = [.. ModelProfiles.All.Select(profile => profile.Name)];

    /// <summary>The models with the scale that the environment asks for.</summary>
    /// <exception cref="TestBatchException">LatencyScaleInvalid: the variable holds no number from 0 to 1,000.</exception>
    public static EmbeddedModels FromEnvironment() => new(ReadScale(Environment.GetEnvironmentVariable(LatencyScaleVariable)));

    /// <inheritdoc/>
    public IChatClient Create(string model, AttemptContext context) => CreateClient(model, context.CaseId, context.Try, context.Time, _latencyScale);

    /// <summary>A client that plays an agent in one attempt of one case.</summary>
    /// <param name="profile">The name of a profile.</param>
    /// <param name="caseId">The seed of all that is random: equal cases give equal replies.</param>
    /// <param name="tryNumber">1 plus the tries before; decides faults and waits, and nothing else.</param>
    /// <param name="time">The clock to wait by.</param>
    /// <param name="latencyScale">Factor on all waits that the model chooses itself.</param>
    /// <exception cref="TestBatchException">ModelUnknown.</exception>
    public static IChatClient CreateClient(string profile, string caseId, int tryNumber, TimeProvider time, double latencyScale)
    {
        var found = ModelProfiles.All.FirstOrDefault(p => p.Name == profile) ?? throw new TestBatchException(
            "ModelUnknown", ErrorKind.NotFound, $"There is no model '{profile}'. Known: {string.Join(", ", ModelProfiles.All.Select(p => p.Name))}.", profile);
        return new EmbeddedModel(found, caseId, tryNumber, time, latencyScale);
    }

    internal static double ReadScale(string? text)
    {
        if (string.IsNullOrWhiteSpace(text))
        {
            return DefaultLatencyScale;
        }

        return double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var scale) && scale is >= 0 and <= MostLatencyScale
            ? scale
            : throw new TestBatchException("LatencyScaleInvalid", ErrorKind.InvalidArgument,
                $"The environment variable {LatencyScaleVariable} holds '{text}'. Set it to a number from 0 (no waiting) to {MostLatencyScale:0}, 0.01 for instance, or remove it.", text);
    }
}
