using PSRunner.Engine.Planning;

namespace PSRunner.Scripts;

/// <summary>Makes script cases.</summary>
internal static class ScriptCases
{
    /// <summary>The kind of the cases.</summary>
    public const string Kind = "script";

    /// <summary>The script as its cases share it.</summary>
    public static SharedDefinition Share(ScriptCode code)
    {
        var text = code.ToJson();
        return new SharedDefinition(CaseId.Hash(text), text);
    }

    /// <summary>A case for an input object.</summary>
    /// <param name="script">The script.</param>
    /// <param name="input">The object; it is $_ in the script.</param>
    /// <param name="number">Its place in the input, from 1, for messages.</param>
    /// <exception cref="TestBatchException">The object cannot be stored.</exception>
    public static TestCase Of(SharedDefinition script, object? input, int number)
    {
        var name = CaseName.Short(InputObject.NameOf(input));
        var clixml = InputObject.Serialize(input, $"Input {number} ('{name}')");
        return new TestCase(Kind, name.Length == 0 ? Kind : name, InputObject.ParametersOf(input))
        {
            Shared = script,
            Definition = new ScriptInput { Input = clixml }.ToJson(),
        };
    }

    /// <summary>A case without input.</summary>
    public static TestCase Alone(SharedDefinition script, string name) =>
        new(Kind, CaseName.Short(name) is { Length: > 0 } given ? given : Kind) { Shared = script, Definition = new ScriptInput().ToJson() };
}
