using System.Text.RegularExpressions;
using PSRunner.Workflows.Tools;

namespace PSRunner.Workflows.Tests.Tools;

public sealed partial class ToolRegistryTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-registry-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void The_built_in_library_is_large_typed_and_connected()
    {
        var registry = BuiltInTools.Registry;

        Assert.InRange(registry.All.Count, 30, 100);
        Assert.Equal(["files", "web", "services", "records", "math", "ops"], registry.Categories);
        Assert.All(registry.All, tool =>
        {
            Assert.StartsWith(tool.Category + "_", tool.Name, StringComparison.Ordinal);
            Assert.InRange(tool.ErrorCodes.Count, 3, 5);
            Assert.InRange(tool.Parameters.Count, 1, 5);
            Assert.Contains(tool.Parameters, parameter => parameter.Required);
            Assert.All(tool.Parameters, parameter => Assert.Contains(parameter.Type, new[] { "string", "number", "integer", "boolean", "object", "array" }));
            Assert.All(tool.Parameters.Where(parameter => parameter.DefaultJson is not null), parameter => System.Text.Json.JsonDocument.Parse(parameter.DefaultJson!).Dispose());
            Assert.EndsWith(".", tool.Description, StringComparison.Ordinal);
        });
        Assert.InRange(registry.All.Count(tool => tool.Dependencies.Count > 0), 12, 30);
    }

    [Fact]
    public void A_registry_travels_as_text_and_keeps_its_hash()
    {
        var copy = ToolRegistry.FromJson(BuiltInTools.Registry.Json, "copy");

        Assert.Equal(BuiltInTools.Registry.Hash, copy.Hash);
        Assert.Equal(BuiltInTools.Registry.Json, copy.Json);
        Assert.Matches(HexHash(), copy.Hash);
        var file = Write("own.json", BuiltInTools.Registry.Json);
        Assert.Equal(copy.Hash, ToolRegistry.Load(file).Hash);
        Assert.NotEqual(copy.Hash, new ToolRegistry(copy.All.Reverse(), "turned").Hash);
    }

    [Fact]
    public void The_old_registry_is_read_with_all_it_holds()
    {
        var registry = OldFiles.LoadRegistry();

        Assert.Equal(30, registry.All.Count);
        Assert.Equal(6, registry.Categories.Count);
        Assert.All(registry.All.CountBy(tool => tool.Category), category => Assert.Equal(5, category.Value));
        Assert.Equal(65, registry.All.Sum(tool => tool.Parameters.Count));
        Assert.Equal([3, 5], registry.All.Select(tool => tool.ErrorCodes.Count).Distinct().Order());
        Assert.Equal(9, registry.All.Count(tool => tool.Dependencies.Count > 0));
        Assert.Equal(["data_processing_transformer", "integration_authenticator"], registry.Find("network_poster")!.Dependencies);
        Assert.Equal(registry.Hash, ToolRegistry.FromJson(registry.Json, "copy").Hash);
    }

    [Theory]
    [InlineData("read the content of a file", "files_open")]
    [InlineData("compress archive", "files_pack")]
    [InlineData("FORECAST time series", "math_forecast")]
    [InlineData("authenticate", "services_login")]
    [InlineData("web_send", "web_send")]
    [InlineData("notify people", "ops_alert")]
    public void Search_finds_what_the_words_say(string words, string expected) =>
        Assert.Equal(expected, BuiltInTools.Registry.Search(words)[0].Name);

    [Fact]
    public void Every_tool_is_found_by_its_own_description()
    {
        foreach (var registry in new[] { BuiltInTools.Registry, OldFiles.LoadRegistry() })
        {
            Assert.All(registry.All, tool => Assert.Equal(tool.Name, registry.Search($"{tool.Name} {tool.Description}")[0].Name));
        }
    }

    [Fact]
    public void Search_is_bounded_and_empty_for_words_that_match_nothing()
    {
        Assert.Equal(5, BuiltInTools.Registry.Search("file data service").Count);
        Assert.Equal(2, BuiltInTools.Registry.Search("file data service", 2).Count);
        Assert.Empty(BuiltInTools.Registry.Search("zzz qqq"));
        Assert.Empty(BuiltInTools.Registry.Search(""));
        Assert.Empty(BuiltInTools.Registry.Search("the of and"));
    }

    [Fact]
    public void Alike_lists_all_other_tools_once()
    {
        var tool = BuiltInTools.Registry.Find("records_check")!;
        var alike = BuiltInTools.Registry.Alike(tool);

        Assert.Equal(BuiltInTools.Registry.All.Where(other => other != tool).Select(other => other.Name).Order(), alike.Select(other => other.Name).Order());
        Assert.Equal("records", alike[0].Category);
    }

    [Fact]
    public void A_missing_file_is_named()
    {
        var error = Fails(Path.Combine(_folder, "absent.json"), "ToolRegistryNotFound");

        Assert.Equal(ErrorKind.NotFound, error.Kind);
        Assert.Contains("absent.json", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_truncated_file_is_told_with_line_and_byte()
    {
        const string Whole = "{\n \"lab_weigh\": {\n  \"name\": \"lab_weigh\",\n  \"descr";
        var error = Fails(Write("cut.json", Whole), "ToolRegistryTruncated");

        Assert.Contains("line 4", error.Message, StringComparison.Ordinal);
        Assert.Contains($"of {Whole.Length} in all", error.Message, StringComparison.Ordinal);
        Assert.Contains("cut off", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_truncation_of_a_registry_is_refused()
    {
        var whole = BuiltInTools.Registry.Json;
        for (var length = 1; length < whole.Length; length += 97)
        {
            Assert.Equal("ToolRegistryTruncated", Assert.Throws<TestBatchException>(() => ToolRegistry.FromJson(whole[..length], "cut")).ErrorId);
        }
    }

    [Fact]
    public void The_recorded_damaged_file_is_told_as_cut_off()
    {
        var error = Fails(RecordedData.Find("results_database.json.corrupted"), "ToolRegistryTruncated");

        Assert.Contains("cut off", error.Message, StringComparison.Ordinal);
        Assert.Contains("14810", error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("[]", "JSON array")]
    [InlineData("{}", "0 tools")]
    [InlineData("{\"a\": 7}", "'a' as a JSON number")]
    [InlineData("{\"a\": {}}", "no text 'name'")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [], \"parameters\": []}}", "no error code")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"parameters\": {}}}", "'parameters' as a JSON object")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"dependencies\": [3]}}", "'dependencies' entry")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"dependencies\": [\"b\"]}}", "'a' depend on 'b'")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"dependencies\": [\"a\"]}}", "circle: a")]
    [InlineData("{\"a\": {\"name\": \"a b\", \"description\": \"A.\", \"errors\": [\"E\"]}}", "'a b'")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"]}, \"b\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"]}}", "'a' twice")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"parameters\": [{\"name\": \"x y\", \"type\": \"string\", \"description\": \"\"}]}}", "'x y'")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"parameters\": [{\"name\": \"x\", \"type\": \"string\", \"description\": \"\"}, {\"name\": \"x\", \"type\": \"string\", \"description\": \"\"}]}}", "'x' twice")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"dependencies\": [\"a\", \"a\"]}}", "depend on 'a' twice")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"no code\"]}}", "'no code'")]
    [InlineData("{\"a\": {\"name\": \"a\",\n \"description\": \"\\ud800\", \"errors\": [\"E\"]}}", "line 2 that is no Unicode")]
    [InlineData("{\"\\ud800\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"]}}", "no Unicode")]
    [InlineData("{\"a\": {\"na\\udc00\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"]}}", "no Unicode")]
    [InlineData("{\"a\": {\"name\": \"a\", \"description\": \"A.\", \"errors\": [\"E\"], \"parameters\": [{\"name\": \"x\", \"type\": \"string\", \"description\": \"\", \"default\": [\"\\ud800\"]}]}}", "no Unicode")]
    public void A_wrong_shape_is_told_with_what_and_where(string json, string told)
    {
        var error = Fails(Write("wrong.json", json), "ToolRegistryInvalid");

        Assert.Contains(told, error.Message, StringComparison.Ordinal);
        Assert.Contains("wrong.json", error.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.InvalidData, error.Kind);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_refused()
    {
        var path = Path.Combine(_folder, "latin1.json");
        File.WriteAllBytes(path, [.. "{\"a\": {\"name\": \"a\", \"description\": \""u8, 0xE4, .. "\", \"errors\": [\"E\"]}}"u8]);

        Assert.Contains("UTF-8", Fails(path, "ToolRegistryInvalid").Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("utf-16")]
    [InlineData("utf-16BE")]
    [InlineData("utf-32")]
    public void Text_in_wide_characters_is_told_as_such(string encoding)
    {
        foreach (var mark in new[] { true, false })
        {
            var wide = System.Text.Encoding.GetEncoding(encoding);
            var path = Path.Combine(_folder, "wide.json");
            File.WriteAllBytes(path, [.. mark ? wide.GetPreamble() : [], .. wide.GetBytes("{\"a\": 1}")]);

            Assert.Contains("UTF-16 or UTF-32", Fails(path, "ToolRegistryInvalid").Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Many_dependencies_are_checked_in_time_that_grows_with_their_number()
    {
        // A million dependencies, the most dependent tool first: what was asked for in rounds over all took a minute.
        const int Tools = 1_500;
        var names = Enumerable.Range(0, Tools).Select(tool => $"t{tool}").ToList();
        var tools = Enumerable.Range(0, Tools).Reverse().Select(tool => new ToolDefinition(names[tool], "c", "Do.", [], ["E"], names[..tool])).ToList();

        var began = TimeProvider.System.GetTimestamp();
        Assert.Equal(Tools, new ToolRegistry(tools, "dense").All.Count);
        Assert.InRange(TimeProvider.System.GetElapsedTime(began).TotalSeconds, 0, 5);

        var circle = Assert.Throws<TestBatchException>(() => new ToolRegistry(tools[..^1].Append(tools[^1] with { Dependencies = [names[^1]] }), "circle"));
        Assert.Contains("in a circle: t1499, t1498,", circle.Message, StringComparison.Ordinal);
        Assert.EndsWith(", .... Correct the file or name another.", circle.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_default_keeps_its_value_whatever_its_layout()
    {
        const string Tool = "{\"tools\": [{\"name\": \"a\", \"category\": \"c\", \"description\": \"A.\", \"errors\": [\"E\"], \"parameters\": [{\"name\": \"x\", \"type\": \"array\", \"description\": \"\", \"default\": DEFAULT}]}]}";
        var tight = ToolRegistry.FromJson(Tool.Replace("DEFAULT", "[1,{\"k\":\"v\"}]", StringComparison.Ordinal), "tight");
        var wide = ToolRegistry.FromJson(Tool.Replace("DEFAULT", "[ 1,\n {\"k\" : \"v\"} ]", StringComparison.Ordinal), "wide");

        Assert.Equal("[1,{\"k\":\"v\"}]", wide.All[0].Parameters[0].DefaultJson);
        Assert.Equal(tight.Hash, wide.Hash);
    }

    [Fact]
    public void A_folder_in_place_of_a_file_is_no_registry() => Fails(_folder, "ToolRegistryNotFound");

    private static TestBatchException Fails(string path, string errorId)
    {
        var error = Assert.Throws<TestBatchException>(() => ToolRegistry.Load(path));
        Assert.Equal(errorId, error.ErrorId);
        Assert.Equal(path, error.Target);
        return error;
    }

    private string Write(string name, string content)
    {
        var path = Path.Combine(_folder, name);
        File.WriteAllText(path, content);
        return path;
    }

    [GeneratedRegex("^[0-9a-f]{32}$")]
    private static partial Regex HexHash();
}
