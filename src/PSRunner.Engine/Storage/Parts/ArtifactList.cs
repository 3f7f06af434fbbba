using System.Text.Json;
using System.Text.Json.Serialization;

namespace PSRunner.Engine.Storage;

/// <summary>One file of an attempt, as a sealed journal file named it: a line of <see cref="RunFolder.ArtifactList"/>.</summary>
/// <param name="Path">Relative to the run folder, with forward slashes.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Hash">XxHash128 of the bytes, 32 lower-case hex digits.</param>
internal sealed record ListedArtifact(string Path, long Length, string Hash)
{
    /// <summary>The files that a result names.</summary>
    public static IEnumerable<ListedArtifact> Of(ResultRecord record) =>
        record.Artifacts.Select(a => new ListedArtifact($"{record.Result.ArtifactPath}/{a.Name}", a.Length, a.Hash));

    /// <summary>The bytes of a list.</summary>
    public static byte[] ToBytes(IEnumerable<ListedArtifact> files)
    {
        using var bytes = new MemoryStream();
        foreach (var file in files)
        {
            JsonSerializer.Serialize(bytes, file, ArtifactJson.Default.ListedArtifact);
            bytes.WriteByte((byte)'\n');
        }

        return bytes.ToArray();
    }

    /// <summary>Reads a list whose bytes are known to be right.</summary>
    public static IEnumerable<ListedArtifact> Read(byte[] bytes)
    {
        for (var at = 0; at < bytes.Length;)
        {
            var length = bytes.AsSpan(at).IndexOf((byte)'\n');
            yield return JsonSerializer.Deserialize(bytes.AsSpan(at, length), ArtifactJson.Default.ListedArtifact)!;
            at += length + 1;
        }
    }
}

/// <summary>The serializer of the lists, made at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower)]
[JsonSerializable(typeof(ListedArtifact))]
internal sealed partial class ArtifactJson : JsonSerializerContext;
