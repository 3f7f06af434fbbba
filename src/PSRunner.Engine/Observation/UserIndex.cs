using System.Text;

namespace PSRunner.Engine.Observation;

/// <summary>One small file a batch in the user's state folder, so that a batch is found by name from any folder.</summary>
/// <remarks>A convenience, never a truth: where it cannot be written, batches are found by path and in ./test-batches.</remarks>
internal static class UserIndex
{
    private const int MostEntries = 10_000;

    /// <summary>Where this user's processes keep what they tell each other.</summary>
    public static string StateFolder
    {
        get
        {
            var state = Environment.GetEnvironmentVariable("XDG_STATE_HOME");
            return Path.Combine(
                string.IsNullOrEmpty(state) ? Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify) : state,
                "psrunner");
        }
    }

    private static string Folder => Path.Combine(StateFolder, "batches");

    /// <summary>Notes a run folder.</summary>
    /// <returns>Null, or why it could not be noted.</returns>
    public static string? TryAdd(string runFolder)
    {
        try
        {
            Directory.CreateDirectory(Folder);
            File.WriteAllText(EntryOf(runFolder), runFolder, Encoding.UTF8);
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return e.Message;
        }
    }

    /// <summary>The run folders that are noted and still there. Entries of folders that are gone are removed.</summary>
    public static IEnumerable<string> RunFolders()
    {
        foreach (var entry in Entries())
        {
            if (TryRead(entry) is { } runFolder)
            {
                yield return runFolder;
            }
        }
    }

    private static IEnumerable<string> Entries()
    {
        try
        {
            return Directory.Exists(Folder) ? [.. Directory.EnumerateFiles(Folder).OrderDescending(StringComparer.Ordinal).Take(MostEntries)] : [];
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // What cannot be listed notes nothing: batches are still found by path.
            return [];
        }
    }

    private static string? TryRead(string entry)
    {
        try
        {
            var runFolder = File.ReadAllText(entry, Encoding.UTF8);
            if (Directory.Exists(runFolder))
            {
                return runFolder;
            }

            File.Delete(entry);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Another process removed it first, or it is not ours to read: not an entry for us.
        }

        return null;
    }

    private static string EntryOf(string runFolder) =>
        Path.Combine(Folder, Path.GetFileName(runFolder) + "." + Planning.CaseId.Hash(runFolder)[..8]);
}
