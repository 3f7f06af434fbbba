namespace PSRunner.Engine.Processes;

/// <summary>Finds the file behind a program's name, as a shell would, and says plainly when there is none.</summary>
internal static class ProgramPath
{
    /// <summary>The full path of a program that can be executed.</summary>
    /// <param name="program">A full path, a path relative to <paramref name="workingDirectory"/>, or a bare name.</param>
    /// <param name="workingDirectory">The folder that relative paths start at.</param>
    /// <param name="searchPath">The value of PATH; null or empty: nothing is searched.</param>
    /// <exception cref="ProcessStartException">There is none (NoSuchProgram), or it cannot be executed (NotExecutable).</exception>
    public static string Find(string program, string workingDirectory, string? searchPath)
    {
        var bare = program.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) < 0;
        var folders = bare
            ? (searchPath ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries)
            : [workingDirectory];
        string? found = null;
        foreach (var folder in program.Length == 0 ? [] : folders)
        {
            // A relative folder in PATH is taken from the working directory; a full program path replaces both.
            foreach (var candidate in Candidates(Path.Combine(workingDirectory, folder, program)))
            {
                if (File.Exists(candidate))
                {
                    if (IsExecutable(candidate))
                    {
                        return candidate;
                    }

                    found ??= candidate;
                }
            }
        }

        throw found is not null
            ? new ProcessStartException(ProcessStartFailure.NotExecutable, NotExecutable(found))
            : new ProcessStartException(
                ProcessStartFailure.NoSuchProgram,
                bare ? $"There is no program '{program}' in PATH." : $"There is no program '{Path.Combine(workingDirectory, program)}'.");
    }

    private static string NotExecutable(string file) => OperatingSystem.IsWindows()
        ? $"'{file}' is no program. Name the program that runs it and pass it as an argument."
        : $"'{file}' is not executable. Set its permission (chmod +x), or name the program that runs it and pass it as an argument.";

    private static IEnumerable<string> Candidates(string path) =>
        OperatingSystem.IsWindows() && !Path.HasExtension(path) ? [path + ".exe", path + ".com", path] : [path];

    // Windows would hand a .cmd or .bat to cmd.exe, which reads arguments by rules of its own: no shell in between here.
    private static bool IsExecutable(string file) => OperatingSystem.IsWindows()
        ? Path.GetExtension(file).ToUpperInvariant() is ".EXE" or ".COM"
        : Unix.Libc.Access(file, Unix.Libc.X_OK) == 0;
}
