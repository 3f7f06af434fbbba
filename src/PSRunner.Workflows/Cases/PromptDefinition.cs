using System.Text.Json;

namespace PSRunner.Workflows.Cases;

/// <summary>What a plain prompt's case holds beside its parameters.</summary>
/// <param name="Prompt">What is asked, whole.</param>
/// <param name="System">What the model is told first; null: nothing.</param>
/// <param name="Expect">One of <see cref="Expectations.ExpectationKinds"/>.</param>
/// <param name="Value">What is expected; a schema or a script stands in the text that cases share.</param>
internal sealed record PromptDefinition(string Prompt, string? System, string Expect, string Value)
{
    /// <summary>The definition as it stands in a plan.</summary>
    public string ToJson() => JsonSerializer.Serialize(this, WorkflowJson.Default.PromptDefinition);

    /// <summary>Reads the definition of a case.</summary>
    /// <exception cref="TestBatchException">It is none.</exception>
    public static PromptDefinition Of(TestCase testCase)
    {
        try
        {
            return JsonSerializer.Deserialize(testCase.Definition, WorkflowJson.Default.PromptDefinition) ?? throw new JsonException("it is empty");
        }
        catch (JsonException e)
        {
            throw new TestBatchException(
                "PromptCaseBroken", ErrorKind.InvalidData,
                $"The definition of prompt case '{testCase.Name}' cannot be read: {e.Message} Make cases with New-PromptTest.", testCase, e);
        }
    }
}
