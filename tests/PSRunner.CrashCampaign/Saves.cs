using System.Text;

namespace PSRunner.CrashCampaign;

/// <summary>Has psrunner save the results of a batch over and over, kills it, and looks at what is in the place: nothing half.</summary>
/// <param name="root">The folder of the batch.</param>
/// <param name="way">One of <see cref="Ways"/>.</param>
internal sealed class Saves(string root, string way)
{
    private const string Appended = "+";
    private const string Dataset = "dataset";
    private const string Old = "what was there before\n";

    private readonly string _folder = Path.Combine(root, "saved");

    /// <summary>Endings of files that are replaced, of files that grow by -Append, and folders of -PartitionBy.</summary>
    public static IReadOnlyList<string> Ways { get; } = ["parquet", "jsonl", "json", "csv", "md", "xml", "ctrf.json", "jsonl" + Appended, "csv" + Appended, Dataset];

    private bool Appends => way.EndsWith(Appended, StringComparison.Ordinal);

    private string Ending => way.TrimEnd('+');

    private string Target => In("target");

    /// <summary>The program to kill. It says that it begins when it has once saved both contents undisturbed.</summary>
    public IReadOnlyList<string> Prepare(string runFolder)
    {
        Directory.CreateDirectory(_folder);
        if (way != Dataset)
        {
            File.WriteAllText(Target, Old);
        }

        var options = way == Dataset ? "-PartitionBy outcome" : "";
        var first = way == "csv" + Appended ? $"$all | Save-TestResults '{Target}'" : way == Dataset ? $"$all | Save-TestResults '{Target}' {options}" : "";
        var turn = way == Dataset
            ? $"$passed | Save-TestResults '{Target}' {options} -Append; $all | Save-TestResults \"{In("new")}$_\" {options}"
            : $"$all | Save-TestResults '{Target}' {(Appends ? "-Append" : "")}; $passed | Save-TestResults '{Target}' {(Appends ? "-Append" : "")}";
        var command = $$"""
            $all = Get-TestResult -LiteralPath '{{runFolder}}' 3>$null # An end that the last kill tore; the ledger looks at findings.
            $passed = $all | Where-Object Outcome -eq Passed
            $all | Save-TestResults '{{In("all")}}' {{options}}
            $passed | Save-TestResults '{{In("passed")}}' {{options}}
            {{first}}
            '{{Child.Begins}}'
            1..200 | ForEach-Object { {{turn}} }
            """;
        return ["dotnet", Shell(), "-Command", command];
    }

    /// <summary>What is wrong with the place; null when nothing is.</summary>
    public string? Check() => way == Dataset ? CheckDataset() : Appends ? CheckAppended() : CheckReplaced();

    /// <summary>Takes away what was saved; results may be others the next time.</summary>
    public void Clear() => Directory.Delete(_folder, recursive: true);

    private string? CheckReplaced()
    {
        var found = File.ReadAllBytes(Target);
        var isWhole = found.AsSpan().SequenceEqual(Encoding.UTF8.GetBytes(Old)) || Contents().Any(content => found.AsSpan().SequenceEqual(content));
        return isWhole ? null : $"'{Target}' is neither the old file nor the new one";
    }

    /// <summary>What was there, then all rows of one save after the other.</summary>
    private string? CheckAppended()
    {
        var found = File.ReadAllText(Target);
        string[] saved = [.. Contents().Select(Encoding.UTF8.GetString)];
        var before = found.StartsWith(Old, StringComparison.Ordinal) || saved.Length == 0 ? Old : saved[0];
        if (!found.StartsWith(before, StringComparison.Ordinal))
        {
            return $"'{Target}' no longer begins with what was there";
        }

        var at = before.Length;
        for (var turn = 0; at < found.Length; turn++)
        {
            var rows = Ending == "csv" ? saved[turn % 2][(saved[turn % 2].IndexOf('\n', StringComparison.Ordinal) + 1)..] : saved[turn % 2];
            if (string.CompareOrdinal(found, at, rows, 0, rows.Length) != 0)
            {
                return $"'{Target}' holds part of what was appended in turn {turn + 1}";
            }

            at += rows.Length;
        }

        return null;
    }

    /// <summary>A new dataset is there with all its files or not at all; in one that is there each file is whole.</summary>
    private string? CheckDataset()
    {
        var whole = new[] { In("all"), In("passed") }.Where(Directory.Exists).SelectMany(FilesIn).ToHashSet();
        foreach (var folder in Directory.GetDirectories(_folder).Where(folder => !Path.GetFileName(folder).StartsWith('.')))
        {
            var files = FilesIn(folder).ToList();
            var isNew = Path.GetFileName(folder).StartsWith("new", StringComparison.Ordinal);
            if (!files.TrueForAll(whole.Contains) || (isNew && files.Count != FilesIn(In("all")).Count()))
            {
                return $"'{folder}' is not whole";
            }
        }

        return null;
    }

    /// <summary>The partition and the bytes of each file that a reader of the dataset would read.</summary>
    private static IEnumerable<(string Partition, string Bytes)> FilesIn(string dataset) =>
        Directory.EnumerateFiles(dataset, "*.parquet", SearchOption.AllDirectories)
            .Select(path => (Path.GetFileName(Path.GetDirectoryName(path)!), Convert.ToBase64String(File.ReadAllBytes(path))));

    private IEnumerable<byte[]> Contents() => new[] { In("all"), In("passed") }.Where(File.Exists).Select(File.ReadAllBytes);

    private string In(string name) => Path.Combine(_folder, way == Dataset ? name : $"{name}.{Ending}");

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
