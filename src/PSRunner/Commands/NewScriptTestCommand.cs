using System.Management.Automation;
using PSRunner.Engine.Commands;
using PSRunner.Engine.Planning;
using PSRunner.Scripts;

namespace PSRunner.Commands;

/// <summary>Makes test cases that run a script, one for each combination of the matrix. Nothing is started.</summary>
[Cmdlet(VerbsCommon.New, "ScriptTest", DefaultParameterSetName = FromBlock)]
[OutputType(typeof(TestCase))]
public sealed class NewScriptTestCommand : NewMatrixTestCommand
{
    private const string FromBlock = "ScriptBlock";
    private const string FromFile = "File";

    /// <summary>What runs.</summary>
    [Parameter(Position = 0, ParameterSetName = FromBlock, HelpMessage = "What runs; its parameters and $_ are the case's.")]
    [ValidateNotNull]
    public ScriptBlock? ScriptBlock { get; set; }

    /// <summary>The script file that runs.</summary>
    [Parameter(Mandatory = true, ParameterSetName = FromFile, HelpMessage = "The script file that runs; its parameters and $_ are the case's.")]
    [ValidateNotNullOrEmpty]
    public string? FilePath { get; set; }

    /// <summary>What tables show.</summary>
    [Parameter(HelpMessage = "What tables show; the parameters' values when not given. May hold placeholders, '{model}'.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    private protected override void End()
    {
        var reader = new ScriptReader(SessionState, InvokeCommand);
        var code = FilePath is not null ? reader.ReadFile(ToFilePath(FilePath)) : reader.Read(ScriptBlock ?? throw Errors.NoScriptGiven());
        var script = ScriptCases.Share(code);
        var number = 0;
        foreach (var parameters in ParameterMatrix.Cross(Pairs(Parameter), Axes(Matrix)))
        {
            WriteObject(Make(script, parameters, ++number));
        }
    }

    private TestCase Make(SharedDefinition script, IReadOnlyList<KeyValuePair<string, object?>> parameters, int number)
    {
        var made = parameters.Count == 0
            ? ScriptCases.Alone(script, FilePath is null ? ScriptBlock!.ToString() : Path.GetFileName(FilePath))
            : ScriptCases.Of(script, RowOf(parameters), number);
        var name = Name is null ? made.Name : CaseName.Short(Placeholders.Fill(Name, "-Name", parameters));
        return new TestCase(ScriptCases.Kind, name, parameters)
        {
            TestTimeoutSeconds = OwnTimeoutSeconds,
            Tags = Tag,
            Repeat = Repeat,
            RetryCount = OwnRetryCount,
            Lane = Resource ?? "",
            Shared = made.Shared,
            Definition = made.Definition,
        };
    }

    private static PSObject RowOf(IReadOnlyList<KeyValuePair<string, object?>> parameters)
    {
        var row = new PSObject();
        foreach (var (name, value) in parameters)
        {
            row.Properties.Add(new PSNoteProperty(name, value));
        }

        return row;
    }
}
