using System.Management.Automation;
using PSRunner.Completion;
using PSRunner.Hosting;
using PSRunner.Scripts;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Expectations;

namespace PSRunner.Commands;

/// <summary>Makes test cases of plain prompts: one request, one reply, one expectation. Nothing is started.</summary>
[Cmdlet(VerbsCommon.New, "PromptTest")]
[OutputType(typeof(TestCase))]
public sealed class NewPromptTestCommand : NewMatrixTestCommand
{
    private HashSet<string> _typed = [];
    private PromptCases? _cases;

    /// <summary>Models; wildcards.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true, HelpMessage = "Models to ask; wildcards.")]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [ArgumentCompleter(typeof(WorkflowWordCompleter))]
    public string[] Model { get; set; } = [];

    /// <summary>What is asked.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, HelpMessage = "What is asked. Typed here it may hold placeholders, '{question}'; from the pipeline it is taken as it is.")]
    [AllowEmptyString]
    public string? Prompt { get; set; }

    /// <summary>What the model is told first.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What the model is told first (the system message). May hold placeholders.")]
    [AllowEmptyString]
    public string? System { get; set; }

    /// <summary>The reply is this text.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The reply is exactly this text, but for white space around it.")]
    [Alias("Expected")]
    [AllowEmptyString]
    public string? ExpectText { get; set; }

    /// <summary>The reply fits this wildcard pattern.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The reply is like this wildcard pattern, in any case: '*Paris*'.")]
    [AllowEmptyString]
    [SupportsWildcards]
    public string? ExpectLike { get; set; }

    /// <summary>The reply holds a match of this regular expression.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The reply holds a match of this regular expression, in any case: '^\\d+$'.")]
    [AllowEmptyString]
    public string? ExpectMatch { get; set; }

    /// <summary>The reply is JSON that this schema allows.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "The reply is JSON that this schema allows: JSON, or the path of a file.")]
    [AllowEmptyString]
    public string? ExpectSchema { get; set; }

    /// <summary>A script that judges the reply.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "A script that judges the reply, its $_ and first parameter: { param($reply) $reply -like '*4*' }.")]
    public ScriptBlock? ExpectScript { get; set; }

    /// <summary>What tables show.</summary>
    [Parameter(ValueFromPipelineByPropertyName = true, HelpMessage = "What tables show; model and prompt when not given. May hold placeholders.")]
    [AllowEmptyString]
    public string? Name { get; set; }

    /// <summary>Prompts, or rows that hold them.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Prompts as text, or rows (Import-Csv) whose columns fill placeholders and become parameters of the cases.")]
    [AllowNull]
    [AllowEmptyString]
    public PSObject? InputObject { get; set; }

    private protected override void Begin()
    {
        _typed = new HashSet<string>(MyInvocation.BoundParameters.Keys, StringComparer.OrdinalIgnoreCase);
        _cases = new PromptCases(
            new PromptCaseOptions
            {
                CurrentFolder = SessionState.Path.CurrentFileSystemLocation.ProviderPath,
                Parameters = Pairs(Parameter),
                Matrix = Axes(Matrix),
                TestTimeoutSeconds = OwnTimeoutSeconds,
                Tag = Tag,
                Repeat = Repeat,
                RetryCount = OwnRetryCount,
                Resource = Resource,
            },
            Executors.Models);
        if (ExpectScript is not null)
        {
            SayWhatIsMissing(ExpectScript);
        }
    }

    private protected override void Process()
    {
        var row = new PromptRow
        {
            Model = Model,
            Prompt = Text(nameof(Prompt), Prompt) ?? (InputObject?.BaseObject is string prompt ? new GivenText(prompt, IsTemplate: false) : null),
            System = Text(nameof(System), System),
            Name = Text(nameof(Name), Name),
            Expected = [.. Expected()],
            Values = Scripts.InputObject.RowOf(InputObject) is not null || (InputObject?.BaseObject is string && _typed.Contains(nameof(Prompt)))
                ? Scripts.InputObject.ParametersOf(InputObject)
                : [],
        };
        foreach (var testCase in _cases!.Of(row))
        {
            WriteObject(testCase);
        }
    }

    /// <summary>What was expected: what was typed, else what came with the input.</summary>
    private IEnumerable<KeyValuePair<string, GivenText>> Expected()
    {
        (string Parameter, string Kind, string? Value)[] all =
        [
            (nameof(ExpectText), ExpectationKinds.Text, ExpectText),
            (nameof(ExpectLike), ExpectationKinds.Like, ExpectLike),
            (nameof(ExpectMatch), ExpectationKinds.Match, ExpectMatch),
            (nameof(ExpectSchema), ExpectationKinds.Schema, ExpectSchema),
            (nameof(ExpectScript), ExpectationKinds.Script, ExpectScript is null ? null : new ScriptReader(SessionState, InvokeCommand).Read(ExpectScript).ToJson()),
        ];
        var isTyped = all.Any(e => _typed.Contains(e.Parameter));
        return all.Where(e => e.Value is { Length: > 0 } && (!isTyped || _typed.Contains(e.Parameter)))
            .Select(e => KeyValuePair.Create(e.Kind, Text(e.Parameter, e.Value)!.Value));
    }

    // What is typed once for many cases is a template; what comes with each is data, whose braces are its own.
    private GivenText? Text(string parameter, string? value) => value is { Length: > 0 } ? new GivenText(value, _typed.Contains(parameter)) : null;

    private void SayWhatIsMissing(ScriptBlock script)
    {
        _ = WorkerShell.Find(); // Throws when there is nothing that could run it.
        foreach (var missing in new ScriptReader(SessionState, InvokeCommand).MissingThere(script, isPrepared: true))
        {
            WriteWarning(missing);
        }
    }
}
