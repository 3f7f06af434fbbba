using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace PSRunner.Engine.Storage;

/// <summary>Whether the process that owns a run folder still lives.</summary>
internal enum OwnerState
{
    /// <summary>It lives, on this machine.</summary>
    Alive,

    /// <summary>It is gone.</summary>
    Gone,

    /// <summary>It is or was on another machine and cannot be judged from here.</summary>
    Elsewhere,
}

/// <summary>Who owns a run folder: what owner.json holds.</summary>
/// <param name="ProcessId">The process.</param>
/// <param name="ProcessStart">When it started, in the system's own terms; tells it from a later process of the same number.</param>
/// <param name="BootId">The system's start, where the system names it; empty elsewhere.</param>
/// <param name="Host">The machine.</param>
/// <param name="Session">The batch's session.</param>
/// <param name="Folder">Which folder it is, whatever its path: nobody owns a copy. Empty where the system does not tell.</param>
internal sealed record OwnerInfo(int ProcessId, string ProcessStart, string BootId, string Host, int Session, string Folder = "")
{
    /// <summary>This process as the owner.</summary>
    public static OwnerInfo Current(RunFolder folder, int session) =>
        new(Environment.ProcessId, StartOf(Environment.ProcessId) ?? "", ReadBootId(), Environment.MachineName, session, IdentityOf(folder));

    /// <summary>Reads owner.json; null when there is none or it is not ours to read.</summary>
    public static OwnerInfo? Read(IStoreFiles files, RunFolder folder)
    {
        try
        {
            return files.TryReadAll(folder.OwnerFile) is { } bytes ? JsonSerializer.Deserialize(bytes, StorageJson.Default.OwnerInfo) : null;
        }
        catch (Exception e) when (e is JsonException or IOException)
        {
            return null; // Replaced atomically, so never half written: not written by us, or the disk does not give it. The lock decides.
        }
    }

    /// <summary>True when this machine was started again since: the process ended with it, whatever it was doing.</summary>
    [JsonIgnore]
    public bool DiedWithSystem =>
        BootId.Length > 0 && BootId != ReadBootId() && string.Equals(Host, Environment.MachineName, StringComparison.OrdinalIgnoreCase);

    /// <summary>Judges the owner of a folder from outside.</summary>
    public OwnerState Judge(RunFolder folder)
    {
        if (!string.Equals(Host, Environment.MachineName, StringComparison.OrdinalIgnoreCase))
        {
            return OwnerState.Elsewhere;
        }

        return BootId == ReadBootId() && StartOf(ProcessId) == ProcessStart && (Folder.Length == 0 || Folder == IdentityOf(folder)) ? OwnerState.Alive : OwnerState.Gone;
    }

    /// <summary>Replaces owner.json.</summary>
    public void Write(IStoreFiles files, RunFolder folder) =>
        files.Replace(folder.OwnerFile, JsonSerializer.SerializeToUtf8Bytes(this, StorageJson.Default.OwnerInfo));

    private static string IdentityOf(RunFolder folder)
    {
        try
        {
            return OperatingSystem.IsWindows() ? "" : FileIdentity.Of(folder.FullPath).ToString();
        }
        catch (StoreException)
        {
            return ""; // It is gone, or the disk does not say: the lock decides.
        }
    }

    private static string ReadBootId()
    {
        const string Path = "/proc/sys/kernel/random/boot_id";
        return File.Exists(Path) ? File.ReadAllText(Path).Trim() : "";
    }

    /// <summary>The start of a living process; null when there is none.</summary>
    private static string? StartOf(int processId)
    {
        try
        {
            if (OperatingSystem.IsLinux())
            {
                // Ticks since boot: what Process.StartTime makes of them moves with the wall clock.
                var text = File.ReadAllText(string.Create(CultureInfo.InvariantCulture, $"/proc/{processId}/stat"));
                var fields = text[(text.LastIndexOf(')') + 2)..].Split(' ');
                return fields[0] is "Z" or "X" ? null : fields[19];
            }

            using var process = Process.GetProcessById(processId);
            return process.StartTime.ToUniversalTime().ToString("O", CultureInfo.InvariantCulture);
        }
        catch (Exception e) when (e is ArgumentException or InvalidOperationException or IOException or UnauthorizedAccessException
            or System.ComponentModel.Win32Exception)
        {
            return null;
        }
    }
}

/// <summary>Serializers of the store's small files, made at build time.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, WriteIndented = true)]
[JsonSerializable(typeof(OwnerInfo))]
internal sealed partial class StorageJson : JsonSerializerContext;
