namespace PSRunner.Workflows.Endpoints;

/// <summary>What a case needs of a model, as the plan keeps it.</summary>
/// <param name="Model">The model's name.</param>
/// <param name="Native">True when it must take native function calls.</param>
internal sealed record ModelNeed(string Model, bool Native)
{
    private const string NativeMark = " +functions";

    /// <summary>The need of a case that names its model in a parameter, as text; empty: it names none.</summary>
    public static string Of(TestCase testCase, bool native) =>
        testCase.GetParameter(Cases.Parameters.Model) is string model ? new ModelNeed(model, native).ToString() : "";

    /// <summary>Reads what <see cref="ToString"/> wrote; no name of a model holds a space.</summary>
    public static ModelNeed Parse(string text) =>
        text.EndsWith(NativeMark, StringComparison.Ordinal) ? new(text[..^NativeMark.Length], true) : new(text, false);

    /// <inheritdoc/>
    public override string ToString() => Native ? Model + NativeMark : Model;
}
