using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// endpoints.json in the run folder: what the batch used over all sessions, what the canaries found, and where the rates of
/// each key stand. Replaced about once a second, so a crash forgets the requests of a
/// second at most, and of these only the ones whose results were not durable.
/// </summary>
internal sealed class EndpointRecord
{
    /// <summary>The file's name.</summary>
    public const string FileName = "endpoints.json";

    private const int MostSessions = 100;

    private readonly string _path;
    private readonly int _session;
    private readonly IReadOnlyList<RecordedSession> _before;
    private byte[] _last = [];

    private EndpointRecord(string path, int session, RecordFile file)
    {
        _path = path;
        _session = session;
        _before = [.. (file.Sessions ?? []).Where(s => s.Number != session).TakeLast(MostSessions - 1)];
        Used = file.Used ?? new Usage();
    }

    /// <summary>What earlier sessions used.</summary>
    public Usage Used { get; }

    /// <summary>Opens the record of a batch.</summary>
    /// <exception cref="TestBatchException">EndpointRecordDamaged: a budget could not be kept.</exception>
    public static EndpointRecord Open(string runFolder, int session)
    {
        var path = Path.Combine(runFolder, FileName);
        try
        {
            var file = DiskFiles.Instance.TryReadAll(path) is { } bytes ? JsonSerializer.Deserialize(bytes, EndpointRecordJson.Default.RecordFile) : null;
            return new EndpointRecord(path, session, file ?? new RecordFile());
        }
        catch (JsonException e)
        {
            throw new TestBatchException(
                "EndpointRecordDamaged", ErrorKind.InvalidData, $"'{path}' is damaged: {e.Message} It holds what the batch has used of its budget. Delete it to count from nothing.", path, e);
        }
    }

    /// <summary>Writes what is different.</summary>
    public void Write(Usage used, IEnumerable<SteeredLane> lanes, bool isLast)
    {
        var endpoints = lanes.Where(lane => lane.Open is not null).Select(lane => new RecordedEndpoint(
            lane.Name,
            lane.Finding is { } finding ? new RecordedFinding(finding.Check, finding.Cause, finding.Message) : null,
            [.. lane.Open!.Endpoint.Deployments.Select(d => RecordedDeployment.Of(d))])).ToList();
        if (endpoints.Count == 0 && used == new Usage())
        {
            return;
        }

        var file = new RecordFile { Used = used, Sessions = [.. _before, new RecordedSession(_session, endpoints)] };
        var bytes = JsonSerializer.SerializeToUtf8Bytes(file, EndpointRecordJson.Default.RecordFile);
        if (isLast || !bytes.AsSpan().SequenceEqual(_last))
        {
            DiskFiles.Instance.Replace(_path, bytes, durable: isLast);
            _last = bytes;
        }
    }
}

/// <summary>What the file holds.</summary>
internal sealed record RecordFile
{
    public Usage? Used { get; init; }

    public IReadOnlyList<RecordedSession>? Sessions { get; init; }
}

internal sealed record RecordedSession(int Number, IReadOnlyList<RecordedEndpoint> Endpoints);

internal sealed record RecordedEndpoint(string Name, RecordedFinding? Canary, IReadOnlyList<RecordedDeployment> Deployments);

internal sealed record RecordedFinding(string Check, string Cause, string Message);

/// <summary>A key's rates: infinite ones are null.</summary>
internal sealed record RecordedDeployment(
    string Model, string Label, double RequestsPerSecond, double TokensPerSecond, int MaxInFlight, long Started, long Refused, long Cuts)
{
    public static RecordedDeployment Of(Deployment deployment)
    {
        var now = deployment.Gate.Snapshot();
        return new(deployment.Options.Model, deployment.Options.Label, now.RequestsPerSecond, now.TokensPerSecond, now.MaxInFlight, now.Started, now.Refused, now.Cuts);
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(NaNAsNull)])]
[JsonSerializable(typeof(RecordFile))]
internal sealed partial class EndpointRecordJson : JsonSerializerContext;
