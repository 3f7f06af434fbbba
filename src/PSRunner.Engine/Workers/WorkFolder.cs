namespace PSRunner.Engine.Workers;

/// <summary>
/// The folder that one test after another works in, empty for each. One that stays: making a folder for each test waits for
/// the disk, which is busy with results.
/// </summary>
/// <param name="path">A full path that nothing else uses.</param>
internal sealed class WorkFolder(string path)
{
    public string Path => path;

    /// <summary>Makes it.</summary>
    /// <exception cref="IOException">It cannot be made.</exception>
    public void Make() => Directory.CreateDirectory(path);

    /// <summary>Empties it after a test.</summary>
    /// <param name="keepAs">Where what the test left goes; null: nowhere.</param>
    /// <param name="note">Hears when that failed.</param>
    /// <returns>False when that failed: it is no place for another test.</returns>
    public bool TidyUp(string? keepAs, Action<string> note)
    {
        try
        {
            if (!Directory.Exists(path))
            {
                Make(); // The test removed it.
            }
            else if (Directory.EnumerateFileSystemEntries(path).Any())
            {
                if (keepAs is null)
                {
                    Directory.Delete(path, recursive: true);
                }
                else
                {
                    Directory.Move(path, keepAs);
                }

                Make();
            }

            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note($"The scratch folder '{path}' could not be tidied up: {e.Message}");
            return false;
        }
    }

    /// <summary>Removes it.</summary>
    public void Remove(Action<string> note)
    {
        try
        {
            if (Directory.Exists(path))
            {
                Directory.Delete(path, recursive: true);
            }
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            note($"The scratch folder '{path}' could not be removed: {e.Message}");
        }
    }
}
