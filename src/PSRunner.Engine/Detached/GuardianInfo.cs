using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Detached;

/// <summary>Who guards a detached batch, and what it had to do: what guardian.json holds. It goes when the batch has ended in order.</summary>
/// <param name="Process">The guardian.</param>
/// <param name="Child">The process of the batch that it started last; 0 before the first.</param>
/// <param name="Restarts">How often it started the batch again.</param>
/// <param name="Message">What happened last, in words; empty when nothing did.</param>
internal sealed record GuardianInfo(OwnerInfo Process, int Child, int Restarts, string Message)
{
    /// <summary>True when it starts the batch no more.</summary>
    public bool GaveUp { get; init; }

    /// <summary>True when the guardian of a folder lives.</summary>
    public bool IsAlive(RunFolder folder) => Process.Judge(folder) == OwnerState.Alive;

    /// <summary>Reads guardian.json; null when the batch has no guardian.</summary>
    public static GuardianInfo? TryRead(RunFolder folder)
    {
        try
        {
            return JsonSerializer.Deserialize(File.ReadAllBytes(folder.GuardianFile), GuardianJson.Default.GuardianInfo);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Removes the last word of a guardian that is gone: who goes on with the batch without one owes it nothing.</summary>
    public static void Forget(RunFolder folder)
    {
        if (TryRead(folder)?.Process.Judge(folder) == OwnerState.Gone)
        {
            File.Delete(folder.GuardianFile);
        }
    }

    /// <summary>Replaces guardian.json.</summary>
    public void Write(RunFolder folder) =>
        DiskFiles.Instance.Replace(folder.GuardianFile, JsonSerializer.SerializeToUtf8Bytes(this, GuardianJson.Default.GuardianInfo), durable: false);
}

[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(GuardianInfo))]
[JsonSerializable(typeof(ResumeOptions))]
internal sealed partial class GuardianJson : JsonSerializerContext;
