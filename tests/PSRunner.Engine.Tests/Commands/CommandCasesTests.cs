using PSRunner.Engine.Commands;

namespace PSRunner.Engine.Tests.Commands;

public sealed class CommandCasesTests : IDisposable
{
    private readonly CommandBatch _batch = new();

    public void Dispose() => _batch.Dispose();

    [Fact]
    public void A_matrix_gives_each_combination_once_in_the_order_of_its_names()
    {
        var cases = CommandCases.Create(Echo("{model}", "{temperature}") with
        {
            Parameters = [new("site", "lab")],
            Matrix = [new("model", ["a", "b"]), new("temperature", [0, 0.5])],
        });

        Assert.Equal(["echo a 0", "echo a 0.5", "echo b 0", "echo b 0.5"], cases.Select(c => c.Name));
        Assert.Equal(["site", "model", "temperature"], cases[0].GetParameters().Select(p => p.Key));
        Assert.Equal(["b", "0.5"], CommandDefinition.Of(cases[3]).Arguments);
    }

    [Theory]
    [InlineData("{Model}", "x")]
    [InlineData("{{model}}", "{model}")]
    [InlineData("${{HOME}}", "${HOME}")]
    [InlineData("""{"a":{"b":"{model}"}}""", """{"a":{"b":"x"}}""")]
    [InlineData("f() { echo; }", "f() { echo; }")]
    [InlineData("{}{1}{{", "{}{1}{{")]
    [InlineData("{model}{model}", "xx")]
    public void A_placeholder_is_a_name_in_braces_and_every_other_brace_is_itself(string text, string filled) =>
        Assert.Equal(filled, CommandDefinition.Of(CommandCases.Create(Echo(text) with { Parameters = [new("model", "x")] })[0]).Arguments[0]);

    [Fact]
    public void What_a_value_holds_is_not_filled_again() =>
        Assert.Equal("{b}", CommandDefinition.Of(CommandCases.Create(Echo("{a}") with { Parameters = [new("a", "{b}"), new("b", "c")] })[0]).Arguments[0]);

    [Fact]
    public void What_cannot_run_is_refused_with_a_remedy_before_anything_starts()
    {
        File.WriteAllText(Path.Combine(_batch.Folder, "text"), "");

        Refused("CommandMissing", Echo() with { Command = "" }, "-Command");
        Refused("ProgramNotFound", Echo() with { Command = "no-such-program-here" }, "$env:PATH");
        Refused("ProgramNotFound", Echo() with { Command = "./nothing" }, "nothing");
        Refused("ProgramNotFound", Echo() with { Command = "text" }, "write ./text");
        Refused("ProgramNotExecutable", Echo() with { Command = "./text" }, "chmod +x");
        Refused("PlaceholderUnknown", Echo("{modle}") with { Parameters = [new("model", 1)] }, "There are model");
        Refused("ParameterTwice", Echo() with { Parameters = [new("a", 1)], Matrix = [new("A", [1])] }, "'a'");
        Refused("MatrixAxisEmpty", Echo() with { Matrix = [new("a", [])] }, "'a'");
        Refused("MatrixValueNotScalar", Echo() with { Matrix = [new("a", [new Dictionary<string, int>()])] }, "'a'");
        Refused("VariableMissing", Echo() with { Environment = [new("KEY", "$env:NO_SUCH_VARIABLE_HERE")] }, "NO_SUCH_VARIABLE_HERE");
        Refused("VariableNameBad", Echo() with { Environment = [new("A=B", "x")] }, "'A=B'");
        Refused("VariableNameBad", Echo() with { Environment = [new("", "$env:PATH")] }, "''");
        Refused("ZeroByte", Echo("a\0b"), "-StandardInput");
        Refused("ZeroByte", Echo() with { Environment = [new("A", "x\0")] }, "zero byte");
        Refused("WorkingDirectoryMissing", Echo() with { WorkingDirectory = "nowhere" }, "nowhere");
    }

    [Fact]
    public void A_file_of_the_current_folder_is_found_from_a_scratch_folder_too()
    {
        File.WriteAllText(Path.Combine(_batch.Folder, "judge.py"), "");
        File.WriteAllText(Path.Combine(_batch.Folder, "word"), "");

        var definition = CommandDefinition.Of(CommandCases.Create(Echo("judge.py", "word", "./word", "other.py"))[0]);

        Assert.Equal([Path.Combine(_batch.Folder, "judge.py"), "word", Path.Combine(_batch.Folder, "word"), "other.py"], definition.Arguments);
        Assert.Equal("judge.py", CommandDefinition.Of(CommandCases.Create(Echo("judge.py") with { WorkingDirectory = "." })[0]).Arguments[0]);
    }

    [Fact]
    public void A_long_script_makes_a_short_name() =>
        Assert.Equal(120, CommandCases.Create(Echo(new string('x', 500) + "\n\n"))[0].Name.Length);

    private CommandCaseOptions Echo(params string[] arguments) => new() { Command = "echo", Arguments = arguments, CurrentFolder = _batch.Folder };

    private static void Refused(string errorId, CommandCaseOptions options, string said)
    {
        var error = Assert.Throws<TestBatchException>(() => CommandCases.Create(options));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(said, error.Message, StringComparison.Ordinal);
    }
}
