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
        var name = string.Create(CultureInfo.InvariantCulture, $"{now.UtcTicks:d19}-{command.Id}.json");
        var temporary = Path.Combine(folder, name + ".tmp");
        File.WriteAllBytes(temporary, JsonSerializer.SerializeToUtf8Bytes(command, StatusJson.Default.ControlCommand));
        File.Move(temporary, Path.Combine(folder, name));
        return command.Id;
    }

    /// <summary>Takes the waiting commands, oldest first. A file that is no command is removed and told of.</summary>
    /// <param name="folder">The folder control/.</param>
    /// <param name="onRefused">Gets the name of a file that was no command, and why.</param>
    public static IReadOnlyList<ControlCommand> Take(string folder, Action<string, string> onRefused)
    {
        var commands = new List<ControlCommand>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.json").Order(StringComparer.Ordinal).Take(MostAtOnce))
        {
            try
            {
                if (new FileInfo(path).Length > LongestCommand)
                {
                    throw new JsonException("too long for a command");
                }

                var command = JsonSerializer.Deserialize(File.ReadAllBytes(path), StatusJson.Default.ControlCommand);
                commands.Add(command ?? throw new JsonException("empty"));
            }
            catch (JsonException e)
            {
                onRefused(Path.GetFileName(path), e.Message);
            }

            File.Delete(path);
        }

        return commands;
    }
}
