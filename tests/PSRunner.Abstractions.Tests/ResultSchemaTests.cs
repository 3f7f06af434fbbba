namespace PSRunner.Abstractions.Tests;

public sealed class ResultSchemaTests
{
    [Theory]
    [InlineData("PromptType", "prompt_type")]
    [InlineData("prompt_type", "prompt_type")]
    [InlineData("maxTokens", "max_tokens")]
    [InlineData("HTTPStatus", "http_status")]
    [InlineData("top p", "top_p")]
    [InlineData("Phase2Score", "phase2_score")]
    [InlineData("id", "id")]
    public void Columns_are_snake_case(string name, string column) => Assert.Equal(column, ResultSchema.ToSnakeCase(name));

    [Fact]
    public void A_name_that_is_taken_gets_a_word_before_it()
    {
        var schema = ResultSchema.Build([("id", ColumnType.Text), ("Model", ColumnType.Text), ("run_folder", ColumnType.Text)], ["Score", "model", "Turns"]);

        Assert.Equal(["ParamId", "Model", "ParamRun_folder"], schema.Parameters.Select(c => c.Property));
        Assert.Equal(["param_id", "model", "param_run_folder"], schema.Parameters.Select(c => c.Column));
        Assert.Equal(["MetricScore", "MetricModel", "Turns"], schema.Metrics.Select(c => c.Property));
    }

    [Fact]
    public void Columns_are_unique_whatever_the_user_typed()
    {
        var schema = ResultSchema.Build([("a_b", ColumnType.Text), ("AB", ColumnType.Text), ("ab", ColumnType.Text), ("ParamAB", ColumnType.Text)], []);
        var columns = ResultSchema.Fixed.Concat(schema.Parameters).Select(c => c.Column).ToList();

        Assert.Equal(columns.Count, columns.Distinct().Count());
    }

    [Fact]
    public void Either_spelling_finds_a_parameter_and_the_typed_name_finds_a_renamed_one()
    {
        var schema = ResultSchema.Build([("max_tokens", ColumnType.Number), ("output", ColumnType.Text)], ["ParseGaps"]);

        Assert.Equal(0, schema.FindParameter("MaxTokens"));
        Assert.Equal(1, schema.FindParameter("output"));
        Assert.Equal(1, schema.FindParameter("ParamOutput"));
        Assert.Equal(0, schema.FindMetric("parse_gaps"));
        Assert.Equal(-1, schema.FindParameter("nothing"));
    }

    [Fact]
    public void A_parameter_is_a_scalar_and_its_name_occurs_once()
    {
        Assert.Throws<ArgumentException>(() => new TestCase("noop", "a", [new("x", new[] { 1 })]));
        Assert.Throws<ArgumentException>(() => new TestCase("noop", "a", [new("x", 1), new("X", 2)]));
        Assert.Equal(1L, new TestCase("noop", "a", [new("x", 1)]).GetParameter("X"));
    }
}
