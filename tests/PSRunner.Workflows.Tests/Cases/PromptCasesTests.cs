using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Expectations;

namespace PSRunner.Workflows.Tests.Cases;

public sealed class PromptCasesTests
{
    private static readonly KeyValuePair<string, object?>[] Row = [new("id", 7), new("q", "2+2 {now}?"), new("a", "4.0"), new("prompt", "unused")];

    [Fact]
    public void A_case_is_made_for_each_model_and_combination_and_what_it_is_made_of_is_no_parameter()
    {
        var cases = Make(
            new PromptRow { Model = ["sim-s*", "sim-weak"], Prompt = Template("{q} in {language}, {model}"), System = Template("Say {{this}}."), Expected = Expect(ExpectationKinds.Text, "{a}"), Values = Row },
            new PromptCaseOptions { CurrentFolder = "/", Matrix = [new("language", ["French", "German"])] });

        Assert.Equal(
            ["sim-strong 2+2 {now}? in French, sim-strong", "sim-weak 2+2 {now}? in French, sim-weak", "sim-strong 2+2 {now}? in German, sim-strong", "sim-weak 2+2 {now}? in German, sim-weak"],
            cases.Select(c => c.Name));
        Assert.Equal(["Model", "Prompt", "id", "q", "a", "language"], cases[0].GetParameters().Select(p => p.Key));
        Assert.Equal(new PromptDefinition("2+2 {now}? in French, sim-strong", "Say {this}.", "text", "4.0"), PromptDefinition.Of(cases[0]));
        Assert.All(cases, c => Assert.Equal($"model:{c.GetParameter("Model")}", c.Lane));
    }

    [Fact]
    public void Data_is_no_template_and_the_values_of_placeholders_are_no_patterns()
    {
        var data = Make(new PromptRow { Model = ["sim-strong"], Prompt = new("What is {x}?", IsTemplate: false), Expected = [new(ExpectationKinds.Match, new("{a}", IsTemplate: false))], Values = Row });
        Assert.Equal(("What is {x}?", "{a}"), (PromptDefinition.Of(data[0]).Prompt, PromptDefinition.Of(data[0]).Value));

        Assert.Equal(@"^4\.0\p{Lu}{2}$", Value(ExpectationKinds.Match, @"^{a}\p{Lu}{2}$"));
        Assert.Equal("*2+2 {now}`?*", Value(ExpectationKinds.Like, "*{q}*"));
    }

    [Fact]
    public void A_long_prompt_is_asked_whole_and_its_parameter_is_its_beginning()
    {
        var prompt = new string('x', 50_000);
        var made = Make(new PromptRow { Model = ["sim-strong"], Prompt = new(prompt, false), Expected = Expect(ExpectationKinds.Text, "y") })[0];

        Assert.Equal(prompt, PromptDefinition.Of(made).Prompt);
        Assert.Equal((1001, true), (((string)made.GetParameter("Prompt")!).Length, made.Name.Length <= 120));
    }

    [Fact]
    public void A_schema_is_read_from_its_file_once_and_shared()
    {
        var folder = Directory.CreateTempSubdirectory("psrunner-schema-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "s.json"), """{"type":"object"}""");
            var cases = Make(new PromptRow { Model = ["sim-*"], Prompt = Template("x"), Expected = Expect(ExpectationKinds.Schema, "s.json") }, new PromptCaseOptions { CurrentFolder = folder });

            Assert.Single(cases.Select(c => c.Shared).Distinct());
            Assert.Equal("""{"type":"object"}""", cases[0].Shared!.Text);
            Assert.Equal("", PromptDefinition.Of(cases[0]).Value);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Theory]
    [InlineData("ModelMissing", null, "x", "text", "y")]
    [InlineData("ModelUnknown", "gpt-9", "x", "text", "y")]
    [InlineData("PromptMissing", "sim-weak", "", "text", "y")]
    [InlineData("ExpectationMissing", "sim-weak", "x", null, "y")]
    [InlineData("PlaceholderUnknown", "sim-weak", "{nothing}", "text", "y")]
    [InlineData("PlaceholderUnknown", "sim-weak", "x", "text", "{nothing}")]
    [InlineData("ExpectMatchInvalid", "sim-weak", "x", "match", "(")]
    [InlineData("ExpectSchemaInvalid", "sim-weak", "x", "schema", "{")]
    [InlineData("ExpectSchemaNotFound", "sim-weak", "x", "schema", "nowhere.json")]
    public void What_makes_no_case_is_refused_with_what_to_do(string errorId, string? model, string prompt, string? kind, string value)
    {
        var row = new PromptRow { Model = model is null ? [] : [model], Prompt = Template(prompt), Expected = kind is null ? [] : Expect(kind, value) };

        Assert.Equal(errorId, Assert.Throws<TestBatchException>(() => Make(row)).ErrorId);
    }

    [Fact]
    public void Two_expectations_are_refused() =>
        Assert.Equal("ExpectationTwice", Assert.Throws<TestBatchException>(() => Make(new PromptRow
        {
            Model = ["sim-weak"], Prompt = Template("x"), Expected = [.. Expect(ExpectationKinds.Text, "y"), .. Expect(ExpectationKinds.Like, "y")],
        })).ErrorId);

    private static string Value(string kind, string template) =>
        PromptDefinition.Of(Make(new PromptRow { Model = ["sim-strong"], Prompt = Template("x"), Expected = Expect(kind, template), Values = Row })[0]).Value;

    private static IReadOnlyList<TestCase> Make(PromptRow row, PromptCaseOptions? options = null) =>
        new PromptCases(options ?? new PromptCaseOptions { CurrentFolder = "/" }, Attempts.Instant).Of(row);

    private static GivenText Template(string text) => new(text, IsTemplate: true);

    private static KeyValuePair<string, GivenText>[] Expect(string kind, string value) => [new(kind, Template(value))];
}
