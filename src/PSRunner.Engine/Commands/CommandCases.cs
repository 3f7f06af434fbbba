using System.Text.RegularExpressions;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Commands;

/// <summary>Makes command cases. Whatever can be known to fail is refused here, before anything starts.</summary>
public static partial class CommandCases
{
    /// <summary>The kind of the cases.</summary>
    public const string Kind = "command";

    /// <summary>The cases, all of them checked.</summary>
    /// <exception cref="TestBatchException">
    /// CommandMissing, ProgramNotFound, ProgramNotExecutable, PlaceholderUnknown, ParameterTwice, MatrixAxisEmpty,
    /// MatrixValueNotScalar, VariableMissing, VariableNameBad, ZeroByte, WorkingDirectoryMissing.
    /// </exception>
    public static IReadOnlyList<TestCase> Create(CommandCaseOptions options)
    {
        if (string.IsNullOrWhiteSpace(options.Command))
        {
            throw Invalid("CommandMissing", "Which program is to be run? Name it with -Command: New-CommandTest python run.py,'{model}'.", null);
        }

        var found = new HashSet<(string Program, string Folder, string? Path)>();
        return [.. ParameterMatrix.Cross(options.Parameters, options.Matrix).Select(parameters => Make(options, parameters, found))];
    }

    private static TestCase Make(
        CommandCaseOptions options, IReadOnlyList<KeyValuePair<string, object?>> parameters, HashSet<(string Program, string Folder, string? Path)> found)
    {
        var command = Fill(options.Command, "-Command");
        string[] arguments = [.. options.Arguments.Select(a => Fill(a, "-ArgumentList"))];
        var secrets = options.Environment.Where(v => v.Value is not null && SecretPattern().IsMatch(v.Value))
            .ToDictionary(v => v.Key, v => SecretPattern().Match(v.Value!).Groups["name"].Value, StringComparer.Ordinal);
        var environment = options.Environment.Where(v => !secrets.ContainsKey(v.Key))
            .ToDictionary(v => v.Key, v => v.Value is null ? null : Fill(v.Value, "-Environment"), StringComparer.Ordinal);
        CheckTexts(arguments, environment, secrets.Keys);
        if (secrets.FirstOrDefault(s => System.Environment.GetEnvironmentVariable(s.Value) is null) is { Key: { } missing })
        {
            throw Invalid("VariableMissing", $"-Environment {missing} is to get the value of $env:{secrets[missing]}, which is not set. Set it first.", missing);
        }

        var folder = options.WorkingDirectory is { } given ? Path.Combine(options.CurrentFolder, Fill(given, "-WorkingDirectory")) : null;
        if (folder is not null && !Directory.Exists(folder))
        {
            throw new TestBatchException("WorkingDirectoryMissing", ErrorKind.NotFound, $"There is no folder '{folder}' for -WorkingDirectory. Make it first.", folder);
        }

        var searchPath = environment.TryGetValue("PATH", out var path) ? path : System.Environment.GetEnvironmentVariable("PATH");
        var program = IsBare(command) ? command : Path.GetFullPath(command, folder ?? options.CurrentFolder);
        if (found.Add((program, folder ?? "", searchPath)))
        {
            CheckProgram(command, program, folder ?? options.CurrentFolder, searchPath);
        }

        var definition = new CommandDefinition
        {
            Program = program,
            Arguments = folder is null ? [.. arguments.Select(a => ToFullPath(a, options.CurrentFolder))] : arguments,
            WorkingDirectory = folder,
            Environment = environment.Count > 0 ? environment : null,
            Secrets = secrets.Count > 0 ? secrets : null,
            StandardInput = options.StandardInput is { Length: > 0 } input ? Fill(input, "-StandardInput") : null,
        };
        return new TestCase(Kind, CaseName.Short(options.Name is { } name ? Fill(name, "-Name") : string.Join(' ', [command, .. arguments])), parameters)
        {
            TestTimeoutSeconds = options.TestTimeoutSeconds,
            Tags = options.Tag,
            Repeat = options.Repeat,
            RetryCount = options.RetryCount,
            Lane = options.Resource ?? "",
            Definition = definition.ToJson(),
        };

        string Fill(string text, string where) => Placeholders.Fill(text, where, parameters);
    }

    // What the system's strings, which end at a zero byte, or its list of variables cannot hold would come out as something else.
    private static void CheckTexts(string[] arguments, Dictionary<string, string?> environment, IEnumerable<string> secrets)
    {
        if (environment.Keys.Concat(secrets).FirstOrDefault(name => name.Length == 0 || name.IndexOfAny(['=', '\0']) >= 0) is { } bad)
        {
            throw Invalid("VariableNameBad", $"-Environment names a variable '{bad.Replace('\0', '?')}'. A name is not empty and holds neither = nor a zero byte.", bad);
        }

        if (arguments.Concat(environment.Values.OfType<string>()).Any(text => text.Contains('\0', StringComparison.Ordinal)))
        {
            throw Invalid("ZeroByte", "An argument or variable holds a zero byte, which no program can receive. Put it into a file or -StandardInput.", null);
        }
    }

    private static void CheckProgram(string command, string program, string folder, string? searchPath)
    {
        try
        {
            ProgramPath.Find(program, folder, searchPath);
        }
        catch (ProcessStartException e) when (e.Failure == ProcessStartFailure.NoSuchProgram)
        {
            var hint = !IsBare(command) ? "Check the path."
                : File.Exists(Path.Combine(folder, command)) ? $"'{Path.Combine(folder, command)}' is there: write ./{command}."
                : "Add its folder to $env:PATH, or give its full path. Functions and aliases of PowerShell are not programs.";
            throw new TestBatchException("ProgramNotFound", ErrorKind.NotFound, $"{e.Message} {hint}", command, e);
        }
        catch (ProcessStartException e)
        {
            throw new TestBatchException("ProgramNotExecutable", ErrorKind.InvalidArgument, e.Message, command, e);
        }
    }

    // A scratch folder holds no judge.py: an argument that looks like a file and is one here is passed as its full path.
    private static string ToFullPath(string argument, string currentFolder) =>
        (Path.HasExtension(argument) || !IsBare(argument)) && argument.IndexOf('\0', StringComparison.Ordinal) < 0
        && Path.GetFullPath(argument, currentFolder) is var path && File.Exists(path) ? path : argument;

    private static bool IsBare(string program) => program.IndexOfAny([Path.DirectorySeparatorChar, Path.AltDirectorySeparatorChar]) < 0;

    private static TestBatchException Invalid(string errorId, string message, object? target) => new(errorId, ErrorKind.InvalidArgument, message, target);

    [GeneratedRegex(@"^\$(env:(?<name>\w+)|\{env:(?<name>[^}]+)\})$", RegexOptions.IgnoreCase)]
    private static partial Regex SecretPattern();
}
