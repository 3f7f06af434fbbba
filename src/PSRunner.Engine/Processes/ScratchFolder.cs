namespace PSRunner.Engine.Processes;

/// <summary>
/// The folder of one attempt: the files that the program writes its output to, and beside them the folder it works in, so
/// that a program which deletes its folder still has its output read.
/// </summary>
internal sealed class ScratchFolder
{
    private readonly string _path;
    private readonly Action<string> _note;

    /// <summary>Makes it.</summary>
    /// <param name="path">A full path that nothing else uses.</param>
    /// <param name="note">Hears when it cannot be removed.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public ScratchFolder(string path, Action<string> note)
    {
        (_path, _note) = (path, note);
        Directory.CreateDirectory(WorkFolder);
    }

    /// <summary>The working directory of a program that was given none.</summary>
    public string WorkFolder => Path.Combine(_path, "work");

    /// <summary>What the program wrote to standard output.</summary>
    public string OutputFile => Path.Combine(_path, "stdout.txt");

    /// <summary>What the program wrote to standard error.</summary>
    public string ErrorFile => Path.Combine(_path, "stderr.txt");

    /// <summary>Removes it; what the program left in its working folder stays if asked for and if there is anything.</summary>
    public void Remove(bool keepWork)
    {
        try
        {
            if (keepWork && Directory.Exists(WorkFolder) && Directory.EnumerateFileSystemEntries(WorkFolder).Any())
            {
                File.Delete(OutputFile);
                File.Delete(ErrorFile);
            }
            else
            {
                Directory.Delete(_path, recursive: true);
            }
        }
        catch (DirectoryNotFoundException)
        {
            // The program removed it itself.
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _note($"The scratch folder '{_path}' could not be removed: {e.Message}");
        }
    }
}
