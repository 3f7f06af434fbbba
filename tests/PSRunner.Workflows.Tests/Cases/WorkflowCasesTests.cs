using CsCheck;
using PSRunner.Workflows.Cases;

namespace PSRunner.Workflows.Tests.Cases;

public sealed class WorkflowCasesTests
{
    private static readonly WorkflowCaseOptions One = new() { Model = ["sim-strong"] };

    [Fact]
    public void The_cross_product_has_every_combination_once_in_the_order_of_the_axes()
    {
        var cases = Make(One with { Model = ["sim-strong", "sim-weak"], PromptType = ["flawed_*"], Instances = 5 });

        Assert.Equal(2 * 7 * 5 * 5, cases.Count);
        Assert.Equal(cases.Count, cases.Select(c => c.Name).Distinct().Count());
        Assert.Equal("sim-strong sequence_disorder simple_task 1", cases[0].Name);
        Assert.Equal("model:sim-strong", cases[0].Lane);
        Assert.Equal(["Model", "PromptType", "Difficulty", "TaskType", "Instance", "ToolSuccessRate", "FlawSeverity", "Seed"], cases[0].GetParameters().Select(p => p.Key));
        Assert.Equal(["sim-strong", "flawed_sequence_disorder", "easy", "simple_task", 1L, 0.8, "severe", 1L], cases[0].GetParameters().Select(p => p.Value));
    }

    [Fact]
    public void Severity_varies_flawed_prompt_types_only()
    {
        var cases = Make(One with { PromptType = ["optimal", "flawed_missing_step"], FlawSeverity = ["*"], TaskType = ["simple*"] });

        Assert.Equal(["", "light", "medium", "severe"], cases.Select(c => c.GetParameter("FlawSeverity")));
        Assert.Equal(["sim-strong optimal simple_task 1", "sim-strong missing_step light simple_task 1"], cases.Take(2).Select(c => c.Name));
    }

    [Fact]
    public void What_differs_stands_in_the_name_before_it_can_be_cut_off()
    {
        var cases = Make(One with { ToolSuccessRate = [0.6, 0.9], Difficulty = ["e*", "hard"], TaskType = ["basic_task"] });

        Assert.Equal(
            ["sim-strong baseline easy 0.6 basic_task 1", "sim-strong baseline easy 0.9 basic_task 1", "sim-strong baseline hard 0.6 basic_task 1", "sim-strong baseline hard 0.9 basic_task 1"],
            cases.Select(c => c.Name));
    }

    [Fact]
    public void Ways_to_ask_that_are_unusual_can_be_told_from_the_usual_one_in_a_batch()
    {
        var one = One with { TaskType = ["basic_task"] };
        var (usual, unusual) = (Make(one).Single(), Make(one with { Native = true, MaxTurns = 5 }).Single());

        Assert.Equal("sim-strong baseline native 5 turns basic_task 1", unusual.Name);
        Assert.Equal((true, 5L), (unusual.GetParameter("NativeFunctionCalling"), unusual.GetParameter("MaxTurns")));
        Assert.Equal((null, null), (usual.GetParameter("NativeFunctionCalling"), usual.GetParameter("MaxTurns")));
        Assert.Equal(unusual.GetParameters().Take(8), usual.GetParameters());
    }

    [Fact]
    public void Every_model_and_prompt_type_gets_the_same_task()
    {
        var cases = Make(One with { Model = ["sim-*"], PromptType = ["*"], Instances = 3, Seed = 9 });

        Assert.All(cases.GroupBy(c => (c.GetParameter("TaskType"), c.GetParameter("Instance"))), group => Assert.Single(group.Select(c => c.Definition).Distinct()));
        Assert.NotEqual(cases[0].Definition, Make(One with { Seed = 10 })[0].Definition);
    }

    [Theory]
    [InlineData("all")]
    [InlineData("*")]
    [InlineData("ALL")]
    public void All_task_types_are_meant_by_both_words(string word) => Assert.Equal(5, Make(One with { TaskType = [word] }).Count);

    [Fact]
    public void A_value_that_two_patterns_match_is_used_once() => Assert.Equal(5, Make(One with { Model = ["sim-strong", "sim-s*", "SIM-STRONG"] }).Count);

    public static TheoryData<string, WorkflowCaseOptions, string> Wrong => new()
    {
        { "ModelMissing", One with { Model = [] }, "Name it with -Model. Known: sim-strong, sim-weak" },
        { "ModelUnknown", One with { Model = ["sim-strnog"] }, "No Model matches 'sim-strnog'. Known: sim-strong, sim-weak, sim-unclosed-tags, sim-hangs, sim-flaky." },
        { "PromptTypeAll", One with { PromptType = ["all"] }, "Write -PromptType baseline,cot,optimal, or * for all 10." },
        { "PromptTypeUnknown", One with { PromptType = ["optimal", "flawd_*"] }, "Known: baseline, cot, optimal, flawed_sequence_disorder" },
        { "DifficultyUnknown", One with { Difficulty = ["e"] }, "Known: very_easy, easy, medium, hard, very_hard." },
        { "TaskTypeUnknown", One with { TaskType = ["file_processing"] }, "multi_stage_pipeline" },
        { "FlawSeverityUnknown", One with { FlawSeverity = ["heavy"] }, "light, medium, severe" },
        { "OutOfRange", One with { Instances = 0 }, "-Instances is 0" },
        { "OutOfRange", One with { ToolSuccessRate = [0.8, 1.01] }, "-ToolSuccessRate is 1.01; it takes 0 to 1." },
        { "OutOfRange", One with { ToolSuccessRate = [double.NaN] }, "-ToolSuccessRate is NaN" },
        { "OutOfRange", One with { MaxTurns = 101 }, "-MaxTurns is 101" },
        { "ToolRegistryNotFound", One with { ToolRegistry = "/nowhere/tools.json" }, "/nowhere/tools.json" },
        { "TaskLibraryNotFound", One with { TaskLibrary = "/nowhere/tasks.json" }, "/nowhere/tasks.json" },
    };

    [Theory]
    [MemberData(nameof(Wrong))]
    public void What_is_wrong_is_said_before_the_first_case_with_the_remedy(string errorId, WorkflowCaseOptions options, string expected)
    {
        var error = Assert.Throws<TestBatchException>(() => { WorkflowCases.Create(options, Attempts.Instant); });

        Assert.Equal(errorId, error.ErrorId);
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_old_systems_library_and_registry_run_and_travel_in_the_cases()
    {
        var options = One with
        {
            TaskLibrary = RecordedData.Find("task_library_parallel_20250710_042826.json"),
            ToolRegistry = RecordedData.Find("tool_registry.json"),
            PromptType = ["optimal", "flawed_sequence_disorder"],
            Instances = 10,
        };
        var cases = Make(options);
        Assert.Equal(100, cases.Count);
        Assert.Single(cases.Select(c => c.Shared!).Distinct());

        var executor = new WorkflowExecutor(Attempts.Instant);
        var passed = 0;
        foreach (var testCase in cases)
        {
            var report = await Attempts.RunAsync(testCase, executor);
            Assert.True(Causes.Find(report.Cause).Scored, report.Cause);
            passed += report.Cause.Length == 0 ? 1 : 0;
        }

        Assert.InRange(passed, 40, 99);
    }

    [Fact]
    public void Cases_are_made_as_they_are_read()
    {
        var first = WorkflowCases.Create(One with { Model = ["*"], PromptType = ["*"], Instances = 100_000, Difficulty = ["*"] }, Attempts.Instant).Take(3).ToList();

        Assert.Equal(3, first.Count);
    }

    [Theory]
    [InlineData("*", "", true)]
    [InlineData("a*c", "abbbc", true)]
    [InlineData("a*c", "abbbd", false)]
    [InlineData("*b*", "abc", true)]
    [InlineData("?", "", false)]
    [InlineData("[a-c]?x", "B1X", true)]
    [InlineData("[a-c]?x", "d1x", false)]
    [InlineData("[!a", "[!a", true)]
    [InlineData("[ac]", "b", false)]
    [InlineData("", "", true)]
    [InlineData("", "a", false)]
    public void Wildcards_are_those_of_PowerShell(string pattern, string text, bool matches) => Assert.Equal(matches, Wildcard.IsMatch(pattern, text));

    [Fact]
    public void A_wildcard_agrees_with_a_regular_expression()
    {
        var texts = Gen.Int[0, 3].Select(i => "abAB"[i]).Array[0, 8].Select(c => new string(c));
        var patterns = Gen.Int[0, 4].Select(i => "ab*?B"[i]).Array[0, 6].Select(c => new string(c));
        Gen.Select(patterns, texts).Sample((pattern, text) =>
        {
            var regex = $"^{pattern.Replace("*", ".*", StringComparison.Ordinal).Replace('?', '.')}$";
            return Wildcard.IsMatch(pattern, text) == System.Text.RegularExpressions.Regex.IsMatch(text, regex, System.Text.RegularExpressions.RegexOptions.IgnoreCase);
        });
    }

    private static List<TestCase> Make(WorkflowCaseOptions options) => [.. WorkflowCases.Create(options, Attempts.Instant)];
}
