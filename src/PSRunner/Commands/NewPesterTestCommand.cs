using System.Management.Automation;
using PSRunner.Scripts;

namespace PSRunner.Commands;

/// <summary>Makes test cases of Pester files, each of which runs in a process of its own. Nothing is started.</summary>
[Cmdlet(VerbsCommon.New, "PesterTest", DefaultParameterSetName = ByPath)]
[OutputType(typeof(TestCase))]
public sealed class NewPesterTestCommand : NewTestCommand
{
    private const string ByPath = "Path";
    private const string ByLiteralPath = "LiteralPath";
    private const string Ending = ".Tests.ps1";

    private bool _isChecked;

    /// <summary>Files, folders, or patterns.</summary>
    [Parameter(Position = 0, ParameterSetName = ByPath, HelpMessage = "Pester files, folders that hold them (*.Tests.ps1), or patterns.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    public string[] Path { get; set; } = [];

    /// <summary>Files or folders, taken as they are written.</summary>
    [Parameter(Mandatory = true, ValueFromPipelineByPropertyName = true, ParameterSetName = ByLiteralPath, HelpMessage = "Pester files or folders, taken as they are written; what Get-ChildItem pipes.")]
    [Alias("PSPath")]
    [ValidateNotNullOrEmpty]
    public string[] LiteralPath { get; set; } = [];

    /// <summary>Pester's tags of what is to run.</summary>
    [Parameter(HelpMessage = "Pester's tags of the blocks and Its to run; all when not given.")]
    [ValidateNotNullOrEmpty]
    public string[] Tag { get; set; } = [];

    /// <summary>Pester's tags of what is to be left out.</summary>
    [Parameter(HelpMessage = "Pester's tags of the blocks and Its to leave out.")]
    [ValidateNotNullOrEmpty]
    public string[] ExcludeTag { get; set; } = [];

    private protected override void Process()
    {
        if (Path.Length + LiteralPath.Length == 0)
        {
            throw Errors.NoPesterFile(null);
        }

        CheckPester();
        foreach (var path in Path)
        {
            var found = ExpandPath(path).SelectMany(FilesIn).ToList();
            if (found.Count == 0)
            {
                throw Errors.NoPesterFile(path);
            }

            found.ForEach(Write);
        }

        // Get-ChildItem pipes whatever lies in a folder.
        foreach (var path in LiteralPath)
        {
            foreach (var file in FilesIn(ToFilePath(path)).Where(f => !MyInvocation.ExpectingInput || f.EndsWith(Ending, StringComparison.OrdinalIgnoreCase)))
            {
                Write(file);
            }
        }
    }

    private static IEnumerable<string> FilesIn(string path) =>
        Directory.Exists(path) ? Directory.EnumerateFiles(path, "*" + Ending, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
        : File.Exists(path) ? [path]
        : throw Errors.NoPesterFile(path);

    private void CheckPester()
    {
        if (!_isChecked)
        {
            var folders = PesterCases.ModuleFolders();
            _isChecked = PesterCases.HasPester(folders) ? true : throw Errors.NoPester(folders);
        }
    }

    private void Write(string file) =>
        WriteObject(new TestCase(PesterCases.Kind, System.IO.Path.GetFileName(file), [new("Path", ToShortPath(file))])
        {
            TestTimeoutSeconds = OwnTimeoutSeconds,
            Repeat = Repeat,
            RetryCount = OwnRetryCount,
            Lane = Resource ?? "",
            Shared = PesterCases.Shared,
            Definition = PesterCases.DefinitionOf(file, Tag, ExcludeTag),
        });
}
