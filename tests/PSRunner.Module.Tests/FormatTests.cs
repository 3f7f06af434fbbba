using System.Text.Json;
using System.Xml.Linq;
using DuckDB.NET.Data;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>What each format of Save-TestResults holds, read back by readers that are not ours.</summary>
[Collection(OneAtATime.Name)]
public sealed class FormatTests : IDisposable
{
    private const string Odd =
        """
        [pscustomobject]@{
            whole = 9007199254740993; part = 0.1; flag = $true; nothing = $null; empty = ''; took = [timespan]::FromTicks(12345678901)
            moment = [DateTimeOffset]'2026-11-23T21:05:43.123456+01:00'; words = "Grüße 👋`r`n`"quoted`", a|b"; long = 'ä' * 3000000; few = 1; mixed = 1; vast = 1
        }
        [pscustomobject]@{ few = 2.5; mixed = $false; vast = 0.5 }
        [pscustomobject]@{ mixed = 'x'; vast = 9007199254740993 }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-formats-").FullName;
    private readonly HostedPowerShell _shell;

    public FormatTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Theory]
    [InlineData("parquet", "'o.parquet'")]
    [InlineData("jsonl", "read_json('o.jsonl', maximum_object_size = 100000000)")]
    [InlineData("json", "read_json('o.json', maximum_object_size = 100000000)")]
    [InlineData("csv", "read_csv('o.csv', max_line_size = 100000000, types = {'vast': 'VARCHAR'})")]
    public void Values_come_back_as_they_were_and_a_column_of_several_types_is_widened(string ending, string source)
    {
        _shell.Invoke($"& {{ {Odd} }} | Save-TestResults o.{ending}");

        var rows = Query(
            $"""
            SELECT whole, part, flag, nothing IS NULL, empty, took, strftime(moment::TIMESTAMPTZ AT TIME ZONE 'UTC', '%Y-%m-%dT%H:%M:%S.%f'), replace(words, chr(13), '') , length(long), few::DOUBLE, mixed, vast
            FROM {source}
            """);

        Assert.Equal(3, rows.Count);
        Assert.Equal(
            [9007199254740993L, 0.1, true, true, "", 1234.5678901, "2026-11-23T20:05:43.123456", "Grüße 👋\n\"quoted\", a|b", 3000000L, 1.0, "1", "1"],
            rows[0].Select((value, i) => i == 4 && value is DBNull ? "" : value));
        Assert.Equal([2.5, "false", "0.5"], rows[1].Skip(9));
        Assert.Equal([DBNull.Value, "x", "9007199254740993"], rows[2].Skip(9));
    }

    [Fact]
    public void Parquet_has_a_type_for_each_column()
    {
        _shell.Invoke($"& {{ {Odd} }} | Save-TestResults o.parquet");

        Assert.Equal(
            [
                "whole BIGINT", "part DOUBLE", "flag BOOLEAN", "nothing VARCHAR", "empty VARCHAR", "took DOUBLE", "moment TIMESTAMP WITH TIME ZONE",
                "words VARCHAR", "long VARCHAR", "few DOUBLE", "mixed VARCHAR", "vast VARCHAR",
            ],
            Query("SELECT column_name || ' ' || column_type FROM (DESCRIBE SELECT * FROM 'o.parquet')").Select(r => r[0]));
    }

    [Fact]
    public void A_cell_that_a_spreadsheet_would_run_is_made_harmless_and_numbers_stay_numbers()
    {
        _shell.Invoke("""
            [pscustomobject]@{ '=a' = "=HYPERLINK(`"http://x`")"; b = '+cmd'; c = '-2+3'; d = '@SUM(1)'; e = "`tx"; f = "`rx"; g = -1.5; h = '-1.5'; i = 'a=b' } |
                Save-TestResults f.csv
            """);

        Assert.Equal("'=a,b,c,d,e,f,g,h,i\n\"'=HYPERLINK(\"\"http://x\"\")\",'+cmd,'-2+3,'@SUM(1),'\tx,\"'\rx\",-1.5,-1.5,a=b\n", Read("f.csv"));
    }

    [Fact]
    public void Appending_to_csv_keeps_the_columns_of_the_file_and_refuses_others()
    {
        File.WriteAllText(Path.Combine(_folder, "a.csv"), "b,\"a \"\"x\"\"\"\r\n1,2");
        _shell.Invoke("[pscustomobject]@{ 'a \"x\"' = 3; b = $null }, [pscustomobject]@{ B = 4 } | Save-TestResults a.csv -Append");
        Assert.Equal("b,\"a \"\"x\"\"\"\r\n1,2\n,3\n4,\n", Read("a.csv"));

        var error = _shell.InvokeExpectingError("[pscustomobject]@{ c = 3 } | Save-TestResults a.csv -Append");
        Assert.StartsWith("ColumnsDiffer", error.FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal("b,\"a \"\"x\"\"\"\r\n1,2\n,3\n4,\n", Read("a.csv"));
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Appending_to_json_lines_takes_any_columns_and_begins_a_file_that_is_not_there()
    {
        _shell.Invoke("[pscustomobject]@{ a = 1 } | Save-TestResults a.jsonl -Append");
        _shell.Invoke("[pscustomobject]@{ b = 'x' } | Save-TestResults a.jsonl -Append");

        Assert.Equal("{\"a\":1}\n{\"b\":\"x\"}\n", Read("a.jsonl"));
    }

    [Fact]
    public void Two_who_append_at_once_never_lose_a_line_in_silence()
    {
        File.WriteAllText(Path.Combine(_folder, "a.jsonl"), "{}\n");
        using (new FileStream(Path.Combine(_folder, "a.jsonl"), FileMode.Open, FileAccess.Read, FileShare.None))
        {
            Assert.StartsWith("FileNotWritable", _shell.InvokeExpectingError("1 | Save-TestResults a.jsonl -Append").FullyQualifiedErrorId, StringComparison.Ordinal);
        }

        Assert.Equal("{}\n", Read("a.jsonl"));
        Assert.Single(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void Any_text_is_a_partition_and_comes_back_from_its_folders_name()
    {
        string?[] values = ["", ".", "..", "a/b\\c", "line\r\nbreak\t", "50 % = ü😀 & ? * \"'", "__HIVE_DEFAULT_PARTITION__", "NULL", "007", new('x', 240), null];
        _shell.Invoke("$args | Save-TestResults data -PartitionBy Model", [.. values.Select(value => Made.Result("Passed", value ?? "none", [("Model", value)], []))]);

        var read = Query("SELECT name, coalesce(model, '<null>') FROM read_parquet('data/**/*.parquet', hive_partitioning = true, hive_types_autocast = false)");
        Assert.Equal(values.Select(value => $"{value ?? "none"}|{value ?? "<null>"}").Order(StringComparer.Ordinal), read.Select(row => $"{row[0]}|{row[1]}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public void A_dataset_has_a_folder_for_each_value_and_grows_by_files()
    {
        object[] results =
        [
            Made.Result("Passed", "a", [("Model", "m/1"), ("PromptType", "flawed a")], []),
            Made.Result("Failed", "b", [("Model", "m/1"), ("PromptType", "plain")], []),
            Made.Result("Passed", "c", [("Model", null), ("PromptType", "plain")], []),
        ];
        _shell.Invoke("$args | Save-TestResults data -PartitionBy Model,PromptType", results);
        _shell.Invoke("$args | Save-TestResults data -PartitionBy Model,PromptType -Append", results[0]);

        Assert.Equal(
            ["a|m/1|flawed a", "a|m/1|flawed a", "b|m/1|plain", "c||plain"],
            Query("SELECT name || '|' || coalesce(model, '') || '|' || prompt_type FROM read_parquet('data/**/*.parquet', hive_partitioning = true) ORDER BY ALL").Select(r => r[0]));
        Assert.Equal(2, Directory.GetFiles(Path.Combine(_folder, "data", "model=m%2F1", "prompt_type=flawed%20a")).Length);
        Assert.Equal(["data"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
        Assert.DoesNotContain(Directory.EnumerateFiles(_folder, "*", SearchOption.AllDirectories), f => f.EndsWith(".tmp", StringComparison.Ordinal));
        Assert.StartsWith("DatasetExists", _shell.InvokeExpectingError("1 | Save-TestResults data -PartitionBy value").FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void Parquet_is_appended_as_a_new_file_of_a_folder_and_never_to_a_file()
    {
        _shell.Invoke("[pscustomobject]@{ a = 1 } | Save-TestResults many.parquet -Append; [pscustomobject]@{ a = 2; b = 'x' } | Save-TestResults many.parquet -Append");
        Assert.Equal([1L, 2L], Query("SELECT a FROM read_parquet('many.parquet/*.parquet', union_by_name = true) ORDER BY a").Select(r => r[0]));

        _shell.Invoke("1 | Save-TestResults one.parquet");
        Assert.StartsWith("FileIsNoDataset", _shell.InvokeExpectingError("1 | Save-TestResults one.parquet -Append").FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void An_unknown_ending_is_answered_with_the_list_of_formats() =>
        Assert.Contains(".parquet, .jsonl, .ctrf.json, .json, .csv, .xml, .md", _shell.InvokeExpectingError("1 | Save-TestResults x.txt").Exception.Message, StringComparison.Ordinal);

    [Fact]
    public void JUnit_has_a_suite_for_each_batch_and_kind_and_is_valid_xml_whatever_tests_wrote()
    {
        _shell.Invoke("$args | Save-TestResults r.xml", Report());

        var root = XDocument.Load(Path.Combine(_folder, "r.xml")).Root!;
        JUnitRules.Check(root);
        Assert.Equal(["b1 workflow", "b2 workflow", "b1 command"], root.Elements("testsuite").Select(s => (string?)s.Attribute("name")));
        var first = root.Elements("testsuite").First();
        Assert.Equal(("4", "1", "1", "1"), (Value(first, "tests"), Value(first, "failures"), Value(first, "errors"), Value(first, "skipped")));
        Assert.Equal("2026-11-23T20:05:43", Value(first, "timestamp"));
        var cases = root.Descendants("testcase").ToDictionary(c => Value(c, "name"));
        Assert.Equal("1.5", Value(cases["fails"], "time"));
        Assert.Equal("wrong-answer", Value(cases["fails"].Element("failure")!, "type"));
        Assert.Equal("no\ncigar <&\uFFFD👋", Value(cases["fails"].Element("failure")!, "message"));
        Assert.Contains("model=m1", cases["fails"].Element("failure")!.Value, StringComparison.Ordinal);
        Assert.Equal("out\uFFFD[0m\r\nend ]]>", cases["fails"].Element("system-out")!.Value);
        Assert.Equal("test-timeout", Value(cases["late"].Element("error")!, "type"));
        Assert.NotNull(cases["left out"].Element("skipped"));
        Assert.Empty(cases["passes"].Elements());
        Assert.NotNull(cases["dies"].Element("error"));
    }

    [Fact]
    public void Ctrf_has_the_properties_and_types_of_its_schema_and_counts_what_it_lists()
    {
        _shell.Invoke("$args | Save-TestResults r.ctrf.json", Report());

        using var report = JsonDocument.Parse(Read("r.ctrf.json"));
        CtrfRules.Check(report.RootElement);
        var results = report.RootElement.GetProperty("results");
        Assert.Equal("""{"tests":6,"passed":2,"failed":3,"skipped":1,"pending":0,"other":0,"suites":3,"start":1795464343000,"stop":1795464344500}""", JsonSerializer.Serialize(results.GetProperty("summary")));
        var failed = results.GetProperty("tests").EnumerateArray().Single(t => t.GetProperty("name").GetString() == "fails");
        Assert.Equal(1500, failed.GetProperty("duration").GetInt64());
        Assert.Equal("Failed", failed.GetProperty("rawStatus").GetString());
        Assert.Equal("m1", failed.GetProperty("parameters").GetProperty("model").GetString());
        Assert.Equal("wrong-answer", failed.GetProperty("extra").GetProperty("cause").GetString());
        Assert.Equal("aaaaaaaa-aaaa-aaaa-aaaa-aaaaaaaaaaaa", failed.GetProperty("id").GetString());
    }

    [Fact]
    public void Markdown_counts_results_and_shows_texts_without_obeying_them()
    {
        _shell.Invoke("$args | Save-TestResults r.md", Made.Result("Failed", "a|b", [], [], ("Cause", "assertion"), ("Batch", "b1"), ("Message", "[x](http://y)\n<b>"), ("DurationSeconds", 1.5)));
        Assert.Equal(
            """
            | batch | kind | results | Passed | Failed | Errored | TimedOut | Crashed | Skipped | seconds |
            |---|---|---:|---:|---:|---:|---:|---:|---:|---:|
            | b1 | workflow | 1 | 0 | 1 | 0 | 0 | 0 | 0 | 1.5 |

            | outcome | name | score | duration_seconds | cause | message |
            |---|---|---:|---:|---|---|
            | Failed | a\|b |  | 1.5 | assertion | \[x](http://y)<br>&lt;b> |

            """,
            Read("r.md"));

        _shell.Invoke("[pscustomobject]@{ Model = 'm'; PassRate = 0.5 } | Save-TestResults m.md");
        Assert.Equal("| Model | PassRate |\n|---|---:|\n| m | 0.5 |\n", Read("m.md"));
    }

    [Theory]
    [InlineData("csv")]
    [InlineData("jsonl")]
    [InlineData("parquet")]
    public void Memory_stays_flat_however_many_results_come(string ending)
    {
        const int Count = 200_000;
        var results = Made.Copies(Made.Result("Passed", "n", [("Model", "m")], [("Turns", 3)]), Count, i => $"{i} {new string('x', 500)}");
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var peak = 0L;
        using (new Timer(_ => peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: false)), null, 0, 20))
        {
            _shell.Invoke($"$args[0] | Save-TestResults many.{ending}", results);
        }

        // All at once they would take over 300 MB.
        Assert.InRange(peak - before, 0, 150_000_000);
        Assert.Equal((long)Count, Query($"SELECT count(DISTINCT output) FROM 'many.{ending}'").Single()[0]);
    }

    [Fact]
    public void Results_that_were_encoded_while_they_came_are_in_one_file_with_what_came_after_them()
    {
        var results = Made.Copies(Made.Result("Passed", "many", [("Model", "m")], [("Turns", 3), ("ParseGaps", double.NaN)]), 10_001, i => $"{i}");
        var other = Made.Result("Failed", "other", [("Size", "big")], []);
        _shell.Invoke("$args[0], $args[1], 7 | ForEach-Object { $_ } | Save-TestResults mixed.parquet", results, other);

        Assert.Equal([[10_003L, 10_001L, 10_001L, 10_001L, 0L]], Query("SELECT count(*), count(DISTINCT output) - 1, count(model), count(turns), count(parse_gaps) FROM 'mixed.parquet'"));
        Assert.Equal([["10000", "many"], ["", "other"]], Query("SELECT output, name FROM 'mixed.parquet' LIMIT 2 OFFSET 10000"));
        Assert.Equal([["big", DBNull.Value], [DBNull.Value, 7L]], Query("SELECT size, value FROM 'mixed.parquet' OFFSET 10001"));
    }

    private static object[] Report()
    {
        var at = ("StartedAt", (object)new DateTime(2026, 11, 23, 20, 5, 43, DateTimeKind.Utc));
        return
        [
            Made.Result("Passed", "passes", [("Model", "m1")], [("Turns", 3)], ("Batch", "b1"), at),
            Made.Result("Failed", "fails", [("Model", "m1")], [("Turns", 3)], ("Batch", "b1"), at, ("Cause", "wrong-answer"), ("DurationSeconds", 1.5), ("Message", "no\ncigar <&\0👋"), ("Output", "out\u001b[0m\r\nend ]]>")),
            Made.Result("Passed", "elsewhere", [], [], ("Batch", "b2"), at),
            Made.Result("TimedOut", "late", [], [], ("Batch", "b1"), at, ("Cause", "test-timeout")),
            Made.Result("Skipped", "left out", [], [], ("Batch", "b1"), at, ("Cause", "excluded")),
            Made.Result("Crashed", "dies", [], [], ("Batch", "b1"), at, ("Cause", "host-crash"), ("Kind", "command")),
        ];
    }

    private static string Value(XElement element, string attribute) => element.Attribute(attribute)!.Value;

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));

    private List<object[]> Query(string sql)
    {
        using var connection = new DuckDBConnection("DataSource=:memory:");
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = $"SET file_search_path = '{_folder.Replace('\\', '/')}'; {sql}";
        using var reader = command.ExecuteReader();
        var rows = new List<object[]>();
        while (reader.Read())
        {
            var row = new object[reader.FieldCount];
            reader.GetValues(row);
            rows.Add(row);
        }

        return rows;
    }
}
