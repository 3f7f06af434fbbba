using System.Globalization;
using System.Text.RegularExpressions;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Models;

/// <summary>
/// What a simulated agent says to a plain prompt: what it is told to say ("Reply with exactly: yes"), the result of a small
/// sum, or what it was asked. It gets that wrong as often as it gets a step of a task wrong, by its skill and the case's id.
/// </summary>
internal static partial class PlainAnswer
{
    private const int MostEcho = 400;

    /// <summary>The answer to a prompt.</summary>
    public static string To(string prompt, AgentSkill skill, string caseId)
    {
        var errs = new SeededRandom($"mind/{caseId}/plain").NextDouble() >= skill.FindsRepair;
        if (Asked().Match(prompt) is { Success: true } asked)
        {
            return errs ? "I am not sure." : asked.Groups["text"].Value.Trim();
        }

        if (Sum().Match(prompt) is { Success: true } sum
            && decimal.TryParse(sum.Groups["a"].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture, out var a)
            && decimal.TryParse(sum.Groups["b"].ValueSpan, NumberStyles.Number, CultureInfo.InvariantCulture, out var b))
        {
            var result = sum.Groups["sign"].Value switch { "+" => a + b, "-" => a - b, _ => a * b };
            return (errs ? result + 1 : result).ToString(CultureInfo.InvariantCulture);
        }

        return errs ? "I am not sure." : $"You asked: {(prompt.Length <= MostEcho ? prompt : prompt[..MostEcho])}";
    }

    [GeneratedRegex(@"\b(reply|respond|answer|say)\b[^:\n]*:\s*(?<text>\S.*)", RegexOptions.IgnoreCase | RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Asked();

    // Eight digits are enough for a sum, and their product fits.
    [GeneratedRegex(@"(?<![\d.])(?<a>\d{1,8}(\.\d{1,4})?)\s*(?<sign>[-+*x×])\s*(?<b>\d{1,8}(\.\d{1,4})?)(?![\d.]*\d)", RegexOptions.CultureInvariant)]
    private static partial Regex Sum();
}
