using PSRunner.Workflows.Randomness;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Prompts;

/// <summary>Wrong arguments of a step.</summary>
internal static class BrokenArguments
{
    /// <summary>The step with one argument missing, of the wrong type or of a wrong value, or with an argument the tool does not know.</summary>
    public static PlanStep Of(PlanStep step, ToolDefinition tool, SeededRandom random)
    {
        var way = random.Next(3);
        if (step.Arguments.Count == 0)
        {
            return step with { Arguments = [KeyValuePair.Create("mode", "\"automatic\"")] };
        }

        List<KeyValuePair<string, string>> arguments = [.. step.Arguments];
        var place = random.Next(arguments.Count);
        var (name, value) = arguments[place];
        var type = tool.Parameters.FirstOrDefault(parameter => parameter.Name == name)?.Type ?? "";
        if (way == 0 && tool.Parameters.Any(parameter => parameter.Name == name && parameter.Required))
        {
            arguments.RemoveAt(place);
        }
        else
        {
            arguments[place] = KeyValuePair.Create(name, way == 1 ? WrongType(type) : WrongValue(type, value));
        }

        return step with { Arguments = arguments };
    }

    private static string WrongType(string type) => type switch
    {
        "string" => "17",
        "integer" or "number" => "\"many\"",
        "boolean" => "\"perhaps\"",
        "array" => "\"all of them\"",
        _ => "false",
    };

    // Of the right type, and of no use.
    private static string WrongValue(string type, string value) => type switch
    {
        "string" => "\"undefined\"",
        "integer" or "number" => "-1",
        "boolean" => value == "true" ? "false" : "true",
        "array" => "[]",
        _ => "{}",
    };
}
