using PSRunner.Engine.Workers;

namespace PSRunner.Engine.Processes;

/// <summary>
/// The folder of one attempt after another: the files that the program writes its output to, and beside them the folder it
/// works in, so that a program which deletes its folder still has its output read.
/// </summary>
internal sealed class ScratchFolder
{
    private readonly string _path;
    private readonly WorkFolder _work;
    private readonly Action<string> _note;

    /// <summary>Makes it.</summary>
    /// <param name="path">A full path that nothing else uses.</param>
    /// <param name="note">Hears when it cannot be emptied or removed.</param>
    /// <exception cref="IOException">It cannot be made.</exception>
    public ScratchFolder(string path, Action<string> note)
    {
        (_path, _note) = (path, note);
        _work = new WorkFolder(Path.Combine(path, "work"));
        _work.Make();
    }

    /// <summary>The working directory of a program that was given none.</summary>
    public string WorkFolder => _work.Path;

    /// <summary>What the program wrote to standard output.</summary>
    public string OutputFile => Path.Combine(_path, "stdout.txt");

    /// <summary>What the program wrote to standard error.</summary>
    public string ErrorFile => Path.Combine(_path, "stderr.txt");

    /// <summary>Empties the working folder after an attempt. The output files stay until the next program truncates them.</summary>
    /// <param name="keepAs">Where what the program left goes; null: nowhere.</param>
    /// <returns>False when that failed.</returns>
    public bool TidyUp(string? keepAs) => _work.TidyUp(keepAs, _note);

    /// <summary>Removes it.</summary>
    public void Remove() => new WorkFolder(_path).Remove(_note);

    /// <summary>Removes what the attempts of a session left that was killed; what a test that did not pass left is kept by its case's id and stays.</summary>
    /// <param name="folder">The folder of the scratch folders; need not exist.</param>
    /// <param name="note">Hears when one cannot be removed.</param>
    public static void RemoveAbandoned(string folder, Action<string> note)
    {
        if (Directory.Exists(folder))
        {
            foreach (var left in Directory.GetDirectories(folder).Where(f => !IsKept(Path.GetFileName(f))))
            {
                new WorkFolder(left).Remove(note);
            }
        }
    }

    private static bool IsKept(string name) =>
        name.Length > 32 && name[32] == '-' && name.Take(32).All(char.IsAsciiHexDigitLower);
}
