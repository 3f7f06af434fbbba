using System.Collections;
using System.Management.Automation;
using System.Security;
using PSRunner.Engine.Commands;

namespace PSRunner.Commands;

/// <summary>Makes test cases that run a program, one for each combination of the matrix. Nothing is started.</summary>
[Cmdlet(VerbsCommon.New, "CommandTest")]
[OutputType(typeof(TestCase))]
public sealed class NewCommandTestCommand : NewMatrixTestCommand
{
    /// <summary>The program.</summary>
    [Parameter(Position = 0, HelpMessage = "The program: a name in PATH, or a path.")]
    [ValidateNotNullOrEmpty]
    public string? Command { get; set; }

    /// <summary>Its arguments.</summary>
    [Parameter(Position = 1, HelpMessage = "Its arguments, each passed as it is. Quote placeholders and dashes: '-x','{model}'.")]
    [AllowNull]
    [AllowEmptyCollection]
    public object?[] ArgumentList { get; set; } = [];

    /// <summary>Variables of the program.</summary>
    [Parameter(HelpMessage = "Variables of the program; $null removes one. '$env:NAME' in single quotes passes a secret by name, never stored.")]
    [ValidateNotNull]
    public IDictionary? Environment { get; set; }

    /// <summary>Where it runs.</summary>
    [Parameter(HelpMessage = "Where it runs; a scratch folder of its own when not given.")]
    [ValidateNotNullOrEmpty]
    public string? WorkingDirectory { get; set; }

    /// <summary>What it reads.</summary>
    [Parameter(HelpMessage = "Text for its standard input.")]
    [AllowEmptyString]
    public string? StandardInput { get; set; }

    /// <summary>What tables show.</summary>
    [Parameter(HelpMessage = "What tables show; the command line when not given. May hold placeholders.")]
    [ValidateNotNullOrEmpty]
    public string? Name { get; set; }

    private protected override void End()
    {
        var options = new CommandCaseOptions
        {
            Command = Command ?? "",
            Arguments = [.. Flat(ArgumentList).Select(ToArgument)],
            Matrix = Axes(Matrix),
            Parameters = Pairs(Parameter),
            Environment = [.. Pairs(Environment).Select(p => KeyValuePair.Create(p.Key, ToVariable(p.Key, p.Value)))],
            CurrentFolder = SessionState.Path.CurrentFileSystemLocation.ProviderPath,
            WorkingDirectory = WorkingDirectory,
            StandardInput = StandardInput,
            Name = Name,
            TestTimeoutSeconds = OwnTimeoutSeconds,
            Tag = Tag,
            Repeat = Repeat,
            RetryCount = OwnRetryCount,
            Resource = Resource,
        };
        foreach (var testCase in CommandCases.Create(options))
        {
            WriteObject(testCase);
        }
    }

    private static IEnumerable<object?> Flat(IEnumerable? values) =>
        values?.Cast<object?>().SelectMany(v => Unwrap(v) is var value && value is IEnumerable and not string and not IDictionary ? Flat((IEnumerable)value) : [value]) ?? [];

    private static string ToArgument(object? value) =>
        value is ScriptBlock block ? throw Errors.Unquoted(block.ToString()) : LanguagePrimitives.ConvertTo<string>(value) ?? "";

    private static string? ToVariable(string name, object? value) =>
        value is SecureString or PSCredential ? throw Errors.SecretValue(name) : value is null ? null : LanguagePrimitives.ConvertTo<string>(value);
}
