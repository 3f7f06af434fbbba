using System.Globalization;
using System.Text.Json;

namespace PSRunner.Engine.Observation;

/// <summary>A command that another process left in the run folder.</summary>
internal sealed record ControlCommand
{
    /// <summary>Acknowledged in status.json by this id.</summary>
    public required string Id { get; init; }

    /// <summary><c>stop</c>, <c>suspend</c>, <c>resume</c> or <c>set</c>.</summary>
    public required string Command { get; init; }

    /// <summary>With stop: no grace.</summary>
    public bool Force { get; init; }

    /// <summary>With set: the new throttle.</summary>
    public int? ThrottleLimit { get; init; }

    /// <summary>With set: the new cap on requests per second.</summary>
    public double? RequestsPerSecond { get; init; }
}

/// <summary>The folder control/: commands from other shells, one small file each, oldest first by name.</summary>
internal static class ControlFolder
{
    private const int MostAtOnce = 64;
    private const int LongestCommand = 64 * 1024;

    /// <summary>Leaves a command. It is there whole or not at all.</summary>
    /// <returns>The command's id.</returns>
    public static string Send(string folder, ControlCommand command, DateTimeOffset now)
    {
        var name = NameOf(now, command.Id);
        var temporary = Path.Combine(folder, name + ".tmp");
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(command, StatusJson.Default.ControlCommand));
        File.Move(temporary, Path.Combine(folder, name));
        return command.Id;
    }

    /// <summary>Takes the waiting commands one by one, oldest first. A file that is no command is removed and told of.</summary>
    /// <param name="folder">The folder control/.</param>
    /// <param name="onRefused">Gets the name of a file that was no command, and why.</param>
    public static IEnumerable<ControlCommand> Take(string folder, Action<string, string> onRefused)
    {
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Take(MostAtOnce))
        {
            var command = TryRead(path, out var why);
            File.Delete(path);
            if (command is not null)
            {
                yield return command;
            }
            else
            {
                onRefused(Path.GetFileName(path), why);
            }
        }
    }

    /// <summary>Removes what was sent before a moment: it was meant for a session that is over.</summary>
    public static void Forget(string folder, DateTimeOffset before)
    {
        var first = NameOf(before, "");
        var old = Directory.Exists(folder) ? Directory.GetFiles(folder, "*.json") : [];
        foreach (var path in old.Where(path => string.CompareOrdinal(Path.GetFileName(path), first) < 0))
        {
            File.Delete(path);
        }
    }

    // One that cannot be read (sent by another user, say) must not stand before all later ones for ever.
    private static ControlCommand? TryRead(string path, out string why)
    {
        why = "empty";
        try
        {
            return new FileInfo(path).Length <= LongestCommand
                ? JsonSerializer.Deserialize(File.ReadAllBytes(path), StatusJson.Default.ControlCommand)
                : throw new JsonException("too long for a command");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            why = e.Message;
            return null;
        }
    }

    private static string NameOf(DateTimeOffset sent, string id) => string.Create(CultureInfo.InvariantCulture, $"{sent.UtcTicks:d19}-{id}.json");
}
