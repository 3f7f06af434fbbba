using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class AdapterTests : IDisposable
{
    private readonly HostedPowerShell _shell = new();
    private readonly object _result;

    public AdapterTests() => _result = Made.Result(
        "Failed", "n", [("Model", "sim-strong"), ("max_tokens", 5L), ("Instance", 5.0), ("Rate", 0.8), ("id", "x7")], [("Turns", 3), ("ParseGaps", double.NaN)],
        ("Cause", "wrong-answer"), ("Score", 0.25), ("DurationSeconds", 1.5));

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Properties_come_in_one_order_with_parameters_and_metrics_after_the_name() =>
        Assert.Equal(
            [
                "Outcome", "Cause", "FaultDomain", "Scored", "Score", "Kind", "Name", "Model", "max_tokens", "Instance", "Rate", "ParamId", "Turns", "ParseGaps",
                "DurationSeconds", "Duration", "Attempt", "Session", "StartedAt", "Message", "Output", "OtherMetrics", "ArtifactPath",
                "Batch", "RunFolder", "Index", "Id",
            ],
            _shell.Invoke("$args[0].psobject.Properties.ForEach('Name')", _result).Select(n => n.ToString()));

    [Theory]
    [InlineData("max_tokens", 5L)]
    [InlineData("MaxTokens", 5L)]
    [InlineData("MODEL", "sim-strong")]
    [InlineData("Instance", 5L)]
    [InlineData("Rate", 0.8)]
    [InlineData("param_id", "x7")]
    [InlineData("turns", 3.0)]
    [InlineData("duration_seconds", 1.5)]
    [InlineData("Outcome", "Failed")]
    [InlineData("ParseGaps", double.NaN)]
    public void A_name_is_answered_in_any_spelling(string name, object value) =>
        Assert.Equal(value, _shell.Invoke("$args[0].($args[1])", _result, name).Single().BaseObject);

    [Fact]
    public void An_unknown_name_is_null_and_methods_still_work()
    {
        Assert.Equal("True", _shell.Invoke("($null -eq $args[0].NoSuch).ToString()", _result).Single().BaseObject);
        Assert.Equal("Failed n", _shell.Invoke("$args[0].ToString()", _result).Single().BaseObject);
        Assert.Equal(5, _shell.Invoke("$args[0].GetParameters().Count", _result).Single().BaseObject);
    }

    [Fact]
    public void Where_Object_and_ForEach_Object_read_parameters_and_metrics_as_properties()
    {
        Assert.Single(_shell.Invoke("$args[0] | Where-Object Model -eq sim-strong | Where-Object Turns -ge 3", _result));
        Assert.Equal("sim-strong", _shell.Invoke("$args[0] | ForEach-Object Model", _result).Single().BaseObject);
    }

    [Fact]
    public void Every_public_member_is_shown_by_the_adapter_with_the_same_value()
    {
        var shown = _shell.Invoke("$args[0]", _result).Single();
        foreach (var property in _result.GetType().GetProperties())
        {
            Assert.Equal(property.GetValue(_result), shown.Properties[property.Name].Value);
        }
    }

    [Fact]
    public void A_result_cannot_be_changed() =>
        Assert.Contains("cannot be changed", _shell.InvokeExpectingError("$args[0].Model = 'other'", _result).Exception.Message, StringComparison.Ordinal);
}
