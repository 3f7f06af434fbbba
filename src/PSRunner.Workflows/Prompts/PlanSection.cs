using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace PSRunner.Workflows.Prompts;

/// <summary>The plan as text inside a prompt, and back: <c>1. tool(arg="x", n=3) - reason; uses output of step k</c>, a line a step.</summary>
internal static partial class PlanSection
{
    /// <summary>The line above the steps.</summary>
    public const string Heading = "## Execution plan";

    /// <summary>Heading and steps, each line ended by a line feed.</summary>
    public static string Write(ShownPlan plan)
    {
        var text = new StringBuilder(Heading).Append('\n');
        for (var i = 0; i < plan.Steps.Count; i++)
        {
            var step = plan.Steps[i];
            var arguments = string.Join(", ", step.Arguments.Select(argument => $"{argument.Key}={argument.Value}"));
            text.Append(CultureInfo.InvariantCulture, $"{i + 1}. {step.Tool}({arguments}) - {step.Reason}");
            if (step.UsesOutputOf is { } source)
            {
                text.Append(CultureInfo.InvariantCulture, $"; uses output of step {source}");
            }

            text.Append('\n');
        }

        return text.ToString();
    }

    /// <summary>Finds the plan in a prompt.</summary>
    /// <returns>False when there is no plan, or a line of it is not of the form above.</returns>
    public static bool TryParse(string prompt, out ShownPlan plan)
    {
        plan = new ShownPlan([]);
        var lines = prompt.Split('\n');
        var heading = Array.IndexOf(lines, Heading);
        if (heading < 0)
        {
            return false;
        }

        var steps = new List<PlanStep>();
        foreach (var line in lines.Skip(heading + 1).TakeWhile(line => line.Length > 0))
        {
            if (ParseStep(line, steps.Count + 1) is not { } step)
            {
                return false;
            }

            steps.Add(step);
        }

        plan = new ShownPlan(steps);
        return steps.Count > 0;
    }

    private static PlanStep? ParseStep(string line, int number)
    {
        var head = Head().Match(line);
        if (!head.Success || head.Groups["number"].Value != number.ToString(CultureInfo.InvariantCulture))
        {
            return null;
        }

        var rest = line[head.Length..];
        var arguments = new List<KeyValuePair<string, string>>();
        while (Argument().Match(rest) is { Success: true } argument)
        {
            var value = LeadingJson(rest[argument.Length..]);
            if (value is null)
            {
                return null;
            }

            arguments.Add(new(argument.Groups["name"].Value, value));
            rest = rest[(argument.Length + value.Length)..];
        }

        if (Tail().Match(rest) is not { Success: true } tail)
        {
            return null;
        }

        int? uses = tail.Groups["step"].Success ? int.Parse(tail.Groups["step"].Value, CultureInfo.InvariantCulture) : null;
        return new PlanStep(head.Groups["tool"].Value, arguments, tail.Groups["reason"].Value, uses);
    }

    // The JSON value a text begins with. Only a JSON reader knows where one in quotes or brackets ends; what follows a
    // number or a word here (a bracket) is no JSON, so these are cut out first.
    private static string? LeadingJson(string text)
    {
        var bare = Bare().Match(text);
        var bytes = Encoding.UTF8.GetBytes(bare.Success ? bare.Value : text);
        try
        {
            var reader = new Utf8JsonReader(bytes, new JsonReaderOptions { AllowMultipleValues = true });
            return reader.Read() && reader.TrySkip() ? Encoding.UTF8.GetString(bytes, 0, (int)reader.BytesConsumed) : null;
        }
        catch (JsonException)
        {
            return null; // Not a plan of ours.
        }
    }

    [GeneratedRegex("^[A-Za-z0-9.+-]+")]
    private static partial Regex Bare();

    [GeneratedRegex(@"^(?<number>[0-9]+)\. (?<tool>[A-Za-z0-9_.-]+)\(")]
    private static partial Regex Head();

    [GeneratedRegex(@"^(, )?(?<name>[A-Za-z0-9_.-]+)=")]
    private static partial Regex Argument();

    [GeneratedRegex(@"^\) - (?<reason>.*?)(; uses output of step (?<step>[0-9]+))?$")]
    private static partial Regex Tail();
}
