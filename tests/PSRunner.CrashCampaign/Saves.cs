namespace PSRunner.CrashCampaign;

/// <summary>Has psrunner save the results of a batch over and over, kills it, and looks at what is in the place: the old file or the new, whole.</summary>
/// <param name="root">The folder of the batch.</param>
/// <param name="ending">The format.</param>
internal sealed class Saves(string root, string ending)
{
    private const string Old = "what was there before";

    private readonly string _folder = Path.Combine(root, "saved-" + ending);

    private string Target => Path.Combine(_folder, "target." + ending);

    /// <summary>The program to kill. It says that it begins when it has once saved both contents undisturbed.</summary>
    public IReadOnlyList<string> Prepare(string runFolder)
    {
        Directory.CreateDirectory(_folder);
        File.WriteAllText(Target, Old);
        var command = $$"""
            $all = Get-TestResult -LiteralPath '{{runFolder}}'
            $passed = $all | Where-Object Outcome -eq Passed
            $all | Save-TestResults '{{_folder}}/all.{{ending}}'
            $passed | Save-TestResults '{{_folder}}/passed.{{ending}}'
            '{{Child.Begins}}'
            foreach ($turn in 1..200) {
                $all | Save-TestResults '{{Target}}'
                $passed | Save-TestResults '{{Target}}'
            }
            """;
        return ["dotnet", Shell(), "-Command", command];
    }

    /// <summary>What is wrong with the place; null when nothing is.</summary>
    public string? Check()
    {
        var found = File.ReadAllBytes(Target);
        string[] contents = [Path.Combine(_folder, "all." + ending), Path.Combine(_folder, "passed." + ending)];
        var isWhole = found.AsSpan().SequenceEqual(System.Text.Encoding.UTF8.GetBytes(Old))
            || contents.Where(File.Exists).Any(path => found.AsSpan().SequenceEqual(File.ReadAllBytes(path)));
        return isWhole ? null : $"'{Target}' is neither the old file nor the new one";
    }

    /// <summary>Takes away what was saved; results may be others the next time.</summary>
    public void Clear() => Directory.Delete(_folder, recursive: true);

    private static string Shell()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "PSRunner.sln")))
            {
#if DEBUG
                return Path.Combine(folder, "src/PSRunner.Shell/bin/Debug/net10.0/PSRunner.Shell.dll");
#else
                return Path.Combine(folder, "src/PSRunner.Shell/bin/Release/net10.0/PSRunner.Shell.dll");
#endif
            }
        }

        throw new InvalidOperationException("The campaign runs outside the repository: there is no psrunner to kill while it saves.");
    }
}
