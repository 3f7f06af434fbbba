using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Observation;

/// <summary>What status.json holds: the live figures and the commands that were carried out.</summary>
internal sealed record StatusDocument
{
    /// <summary>The figures.</summary>
    public required TestProgress Progress { get; init; }

    /// <summary>The ids of the last commands from control/ that were carried out, newest last.</summary>
    public IReadOnlyList<string> Acknowledged { get; init; } = [];

    /// <summary>The bytes of status.json.</summary>
    public byte[] ToBytes() => JsonSerializer.SerializeToUtf8Bytes(this, StatusJson.Default.StatusDocument);

    /// <summary>Reads status.json; null when it is not there (yet) or cannot be understood, which readers treat alike.</summary>
    /// <param name="path">The file.</param>
    /// <param name="disk">Where it lies; null: the machine's own disk.</param>
    public static StatusDocument? TryRead(string path, IStoreFiles? disk = null)
    {
        try
        {
            return (disk ?? DiskFiles.Instance).TryReadAll(path) is { } bytes ? JsonSerializer.Deserialize(bytes, StatusJson.Default.StatusDocument) : null;
        }
        catch (Exception e) when (e is IOException or JsonException)
        {
            return null;
        }
    }
}

/// <summary>NaN, which JSON lacks, is null in files.</summary>
internal sealed class NaNAsNull : JsonConverter<double>
{
    public override bool HandleNull => true;

    public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) =>
        reader.TokenType == JsonTokenType.Null ? double.NaN : reader.GetDouble();

    public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
    {
        if (double.IsFinite(value))
        {
            writer.WriteNumberValue(value);
        }
        else
        {
            writer.WriteNullValue();
        }
    }
}

[JsonSourceGenerationOptions(
    WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, IgnoreReadOnlyProperties = true,
    Converters = [typeof(NaNAsNull)])]
[JsonSerializable(typeof(StatusDocument))]
[JsonSerializable(typeof(ControlCommand))]
internal sealed partial class StatusJson : JsonSerializerContext;
