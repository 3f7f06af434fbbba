using System.Management.Automation;
using PSRunner.Scripts;

namespace PSRunner.Commands;

/// <summary>Scripts: each input object is a case.</summary>
public sealed partial class StartTestBatchCommand
{
    private const string FromBlock = "ScriptBlock";
    private const string FromFile = "File";

    private SharedDefinition? _script;
    private int _inputs;

    /// <summary>What runs for each input object.</summary>
    [Parameter(Position = 0, Mandatory = true, ParameterSetName = FromBlock, HelpMessage = "What runs for each input object, which is $_ there.")]
    [Parameter(Position = 1, ParameterSetName = FromTestCases, HelpMessage = "What runs for each input object, which is $_ there.")]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <summary>The script file that runs for each input object.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FromFile, HelpMessage = "The script file that runs for each input object.")]
    [ValidateNotNullOrEmpty]
    public string? FilePath { get; set; }

    /// <summary>Where scripts run.</summary>
    [Parameter(HelpMessage = "Where scripts run: in worker processes, which can be killed, or in runspaces of this process, faster.")]
    [ValidateSet(nameof(TestIsolation.Process), nameof(TestIsolation.Runspace))]
    public string Isolation { get; set; } = nameof(TestIsolation.Process);

    /// <summary>What runs once in each worker before its first script.</summary>
    [Parameter(HelpMessage = "Runs once in each worker before its first script: functions and variables that all scripts need.")]
    [ValidateNotNull]
    public ScriptBlock? InitializationScript { get; set; }

    /// <summary>Modules that each worker imports before its first script.</summary>
    [Parameter(HelpMessage = "Modules that each worker imports before its first script.")]
    [ValidateNotNullOrEmpty]
    public string[] Module { get; set; } = [];

    /// <summary>Metrics that scripts and commands will give.</summary>
    [Parameter(HelpMessage = "Names of metrics that scripts and commands will give: they become properties and columns.")]
    [ValidateNotNullOrEmpty]
    public string[] Metric { get; set; } = [];

    private void ReadScript()
    {
        var reader = new ScriptReader(SessionState, InvokeCommand);
        if (ScriptBlock is not null)
        {
            _script = ScriptCases.Share(reader.Read(ScriptBlock));
            foreach (var missing in reader.MissingThere(ScriptBlock, InitializationScript is not null || Module.Length > 0))
            {
                WriteWarning(missing);
            }
        }
        else if (FilePath is not null)
        {
            _script = ScriptCases.Share(reader.ReadFile(ToFilePath(FilePath)));
        }
    }

    // -InputObject $rows brings the whole array as one object.
    private void AddScriptCases()
    {
        if (MyInvocation.ExpectingInput)
        {
            _batch!.Add(ScriptCases.Of(_script!, InputObject, ++_inputs));
        }
        else if (InputObject is not null)
        {
            foreach (var input in LanguagePrimitives.GetEnumerable(InputObject) ?? new[] { InputObject })
            {
                _batch!.Add(ScriptCases.Of(_script!, input, ++_inputs));
            }
        }
    }

    private void AddScriptWithoutInput()
    {
        if (_script is not null && !MyInvocation.ExpectingInput && InputObject is null)
        {
            _batch!.Add(ScriptCases.Alone(_script, FilePath is null ? ScriptBlock!.ToString() : Path.GetFileName(FilePath)));
        }
    }

    // A relative path means something else in a worker's folder.
    private string ToModule(string module) =>
        module.IndexOfAny(['/', '\\']) >= 0 || module.EndsWith(".psm1", StringComparison.OrdinalIgnoreCase) || module.EndsWith(".psd1", StringComparison.OrdinalIgnoreCase)
            ? ToFilePath(module) : module;
}
