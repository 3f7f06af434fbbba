using System.IO.Hashing;
using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Planning;

/// <summary>batch.json: what was asked. Written after plan.jsonl is on disk; without it there is no batch.</summary>
internal sealed record BatchManifest
{
    /// <summary>The version of the run folder's rules.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The PSRunner that wrote it.</summary>
    public required string Version { get; init; }

    /// <summary>The batch's id: the run folder's name at its birth.</summary>
    public required string Id { get; init; }

    /// <summary>When the batch was first started, UTC.</summary>
    public required DateTime StartedAt { get; init; }

    /// <summary>XxHash128 of the plan, 32 hex digits.</summary>
    public required string PlanHash { get; init; }

    /// <summary>
    /// Bytes of plan.jsonl that are the plan; null: all. Set as soon as the plan is being changed, which adds cases at its
    /// end: whatever stands behind belongs to a change that was cut off.
    /// </summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)]
    public long? PlanLength { get; init; }

    /// <summary>Cases in the plan.</summary>
    public required int Planned { get; init; }

    /// <summary>What the user asked for.</summary>
    public required BatchOptions Options { get; init; }

    /// <summary>The columns of parameters, in order.</summary>
    public required IReadOnlyList<ResultColumn> Parameters { get; init; }

    /// <summary>The columns of metrics, in order.</summary>
    public required IReadOnlyList<ResultColumn> Metrics { get; init; }

    /// <summary>The kinds of case and the fingerprints of their executors when the plan was made.</summary>
    public required IReadOnlyDictionary<string, string> Executors { get; init; }

    /// <summary>What the cases need from outside (model endpoints), each once; null in batches of before.</summary>
    public IReadOnlyList<string>? Needs { get; init; }

    /// <summary>The file's hash of itself (<see cref="SelfHash"/>); the last property, so that nothing else is taken for it.</summary>
    public string Hash { get; init; } = SelfHash.Blank;

    private static ReadOnlySpan<byte> HashMark => "\"hash\": \""u8;

    /// <summary>The bytes of batch.json.</summary>
    public byte[] ToBytes()
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(this with { Hash = SelfHash.Blank }, ManifestJson.Default.BatchManifest);
        SelfHash.Fill(new XxHash128(), bytes, HashMark);
        return bytes;
    }

    /// <summary>True when no byte of batch.json was changed.</summary>
    public static bool IsWhole(byte[] bytes) => SelfHash.IsGood(new MemoryStream(bytes), bytes.Length, HashMark);

    /// <summary>Reads batch.json.</summary>
    /// <param name="path">The file.</param>
    /// <param name="evenIfChanged">For an audit: not only what was written is taken, but whatever can be read.</param>
    /// <param name="disk">Where it lies; null: the machine's own disk.</param>
    /// <exception cref="TestBatchException">The file is missing, cut off, changed, or of a later version.</exception>
    public static BatchManifest Read(string path, bool evenIfChanged = false, IStoreFiles? disk = null)
    {
        try
        {
            var bytes = (disk ?? DiskFiles.Instance).TryReadAll(path) ?? throw new FileNotFoundException("There is no such file.", path);
            var manifest = JsonSerializer.Deserialize(bytes, ManifestJson.Default.BatchManifest) ?? throw new JsonException("the file is empty");
            if (manifest.Format <= 1 && !evenIfChanged && !IsWhole(bytes))
            {
                throw new JsonException("it was changed after the batch began, its hash of itself does not match.");
            }

            return manifest.Format <= 1 ? manifest : throw new TestBatchException(
                "BatchTooNew", ErrorKind.InvalidData, $"'{path}' was written by PSRunner {manifest.Version}, which is newer than this one. Update PSRunner to read it.", path);
        }
        catch (FileNotFoundException e)
        {
            throw new TestBatchException("NoBatchThere", ErrorKind.NotFound, $"'{Path.GetDirectoryName(path)}' is no run folder: it has no batch.json.", path, e);
        }
        catch (IOException e)
        {
            throw new TestBatchException("BatchUnreadable", ErrorKind.ReadError, $"'{path}' cannot be read: {e.Message}", path, e);
        }
        catch (JsonException e)
        {
            throw new TestBatchException("BatchDamaged", ErrorKind.InvalidData, $"'{path}' is damaged: {e.Message} The plan and the results beside it are untouched.", path, e);
        }
    }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, UseStringEnumConverter = true)]
[JsonSerializable(typeof(BatchManifest))]
internal sealed partial class ManifestJson : JsonSerializerContext;
