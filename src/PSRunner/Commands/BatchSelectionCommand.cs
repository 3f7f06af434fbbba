using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Which batch, asked the same way by every command: by name, by path, or by what the pipeline brings.</summary>
public abstract class BatchSelectionCommand : TestBatchCommand
{
    private protected const string ByName = "Name";
    private protected const string ByPath = "Path";
    private protected const string ByLiteralPath = "LiteralPath";

    private readonly HashSet<string> _seen = new(StringComparer.Ordinal);

    /// <summary>A batch's name, its id, or the four hex digits that tables show; wildcards. With a directory separator it is a path.</summary>
    [Parameter(Position = 0, ParameterSetName = ByName, HelpMessage = "Name, id or four hex digits of a batch; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(BatchNameCompleter))]
    public string[]? Name { get; set; }

    /// <summary>A run folder, or a folder of run folders; wildcards.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByPath, HelpMessage = "A run folder, or a folder of run folders; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[]? Path { get; set; }

    /// <summary>The same without wildcards; what batches, results and folders bring through the pipeline.</summary>
    [Parameter(Mandatory = true, ParameterSetName = ByLiteralPath, ValueFromPipelineByPropertyName = true, HelpMessage = "A run folder, or a folder of run folders, taken as it is.")]
    [Alias("PSPath", "RunFolder")]
    [ValidateNotNullOrEmpty]
    public string[]? LiteralPath { get; set; }

    /// <summary>True when the user did not say which batch.</summary>
    private protected bool IsUnspecified => ParameterSetName == ByName && Name is null;

    /// <summary>True when the user named a pattern, which may match what a command does not apply to.</summary>
    private protected bool IsByPattern => ParameterSetName == ByName && Name!.Any(Batches.IsPattern);

    private protected string DefaultRoot => ToFilePath(DefaultOutputPath);

    /// <summary>The run folders of this input that were not handled before in this pipeline.</summary>
    /// <param name="choose">Which of the runs of one exact name is meant, newest first.</param>
    private protected IEnumerable<string> TakeRunFolders(Func<IReadOnlyList<string>, IEnumerable<string>> choose)
    {
        var found = ParameterSetName switch
        {
            ByPath => Path!.SelectMany(FindByPath),
            ByLiteralPath => LiteralPath!.SelectMany(path => FindIn(ToFilePath(path), path)),
            _ => (Name ?? []).SelectMany(name => FindByName(name, choose)),
        };
        return found.Where(_seen.Add);
    }

    /// <summary>An exact name means its newest run.</summary>
    private protected static IEnumerable<string> NewestRun(IReadOnlyList<string> runs) => runs.Take(1);

    /// <summary>An exact name means the run that lives; where none does, the newest.</summary>
    private protected static IEnumerable<string> LivingRun(IReadOnlyList<string> runs)
    {
        var living = runs.Where(run => Batches.IsAlive(Batches.Read(run))).ToList();
        return living.Count switch
        {
            0 => NewestRun(runs),
            1 => living,
            _ => throw Errors.Ambiguous("runs under", living),
        };
    }

    /// <summary>Refuses a call that does not say which batch, where a guess could do harm.</summary>
    private protected void RequireBatch()
    {
        if (IsUnspecified)
        {
            throw Errors.NoBatch(MyInvocation.MyCommand.Name);
        }
    }

    /// <summary>Acts on each batch; what one refuses is an error of that one and keeps no other from its turn.</summary>
    private protected void ForEachBatch(IEnumerable<string> folders, Action<string> act)
    {
        foreach (var folder in folders.TakeWhile(_ => !Stopping))
        {
            try
            {
                act(folder);
            }
            catch (TestBatchException e)
            {
                WriteError(Errors.From(e));
            }
        }
    }

    /// <summary>A run folder itself, or the run folders in a folder.</summary>
    private protected virtual IReadOnlyList<string> BatchesIn(string path) => Batches.FindIn(path);

    private IEnumerable<string> FindByName(string name, Func<IReadOnlyList<string>, IEnumerable<string>> choose)
    {
        if (name.Contains('/', StringComparison.Ordinal) || name.Contains('\\', StringComparison.Ordinal))
        {
            return FindByPath(name);
        }

        var runs = Batches.FindNamed(name, DefaultRoot);
        return Batches.IsPattern(name) ? runs
            : runs.Count > 0 ? choose(runs)
            : NotFound(Errors.BatchUnknown(name, Batches.Names(DefaultRoot, 3)));
    }

    private IEnumerable<string> FindByPath(string path) =>
        WildcardPattern.ContainsWildcardCharacters(path) ? ExpandPath(path).SelectMany(BatchesIn)
        : FindIn(ToFilePath(WildcardPattern.Unescape(path)), path); // Completion writes [ as `[.

    // A folder that was named and holds no batch is a mistake; silence would look like a batch without results.
    private IEnumerable<string> FindIn(string path, string asTyped) =>
        BatchesIn(path) is { Count: > 0 } found ? found : NotFound(Errors.NoBatchIn(asTyped, File.Exists(path) || Directory.Exists(path)));

    // As Get-Item and its kin do: the other names still count, and -ErrorAction decides.
    private IEnumerable<string> NotFound(TestBatchException error)
    {
        WriteError(Errors.From(error));
        return [];
    }
}
