using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class SaveTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-save-").FullName;
    private readonly HostedPowerShell _shell;

    public SaveTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Csv_has_the_columns_of_the_parts_and_tells_null_from_empty()
    {
        _shell.Invoke("$args | Save-TestResults r.csv", OneResult());

        Assert.Equal(
            """"
            outcome,cause,fault_domain,scored,score,kind,name,model,max_tokens,turns,parse_gaps,duration_seconds,attempt,session,started_at,message,output,artifact_path,batch,index,id,other_metrics
            Failed,wrong-answer,"",true,0.25,workflow,"a, ""b""",sim-strong,5,3,,1.5,0,0,2026-11-23T20:05:43.123456Z,"two
            lines","","","",7,aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,

            """",
            Read("r.csv"));
    }

    [Fact]
    public void Json_lines_have_null_where_nothing_was_measured()
    {
        _shell.Invoke("$args | Save-TestResults r.jsonl", OneResult());

        Assert.Equal(
            """{"outcome":"Failed","cause":"wrong-answer","fault_domain":"","scored":true,"score":0.25,"kind":"workflow","name":"a, \"b\"","model":"sim-strong","max_tokens":5,"turns":3,"parse_gaps":null,"duration_seconds":1.5,"attempt":0,"session":0,"started_at":"2026-11-23T20:05:43.123456Z","message":"two\nlines","output":"","artifact_path":"","batch":"","index":7,"id":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa","other_metrics":null}""" + "\n",
            Read("r.jsonl"));
    }

    [Fact]
    public void Results_of_two_batches_share_one_table()
    {
        var other = Made.Result("Passed", "c", [("model", "m2"), ("size", "big")], []);
        _shell.Invoke("$args | Save-TestResults r.csv", OneResult(), other);

        var header = Read("r.csv").Split('\n')[0].Split(',');
        Assert.Equal(["model", "max_tokens", "size", "turns"], header.Skip(7).Take(4));
        Assert.Contains("\nPassed,\"\",\"\",false,,workflow,c,m2,,big,,,", Read("r.csv"), StringComparison.Ordinal);
    }

    [Fact]
    public void Any_object_goes_into_text_formats_with_the_columns_of_all()
    {
        _shell.Invoke("[pscustomobject]@{ a = 1; b = 'x' }, [pscustomobject]@{ a = 2.5; c = $true } | Save-TestResults o.csv");

        Assert.Equal("a,b,c\n1,x,\n2.5,,true\n", Read("o.csv"));
    }

    [Fact]
    public void Nothing_to_save_leaves_the_old_file_alone()
    {
        File.WriteAllText(Path.Combine(_folder, "old.csv"), "precious");

        Assert.Contains("Nothing to save", _shell.Show("@() | Save-TestResults old.csv"), StringComparison.Ordinal);
        Assert.Equal("precious", Read("old.csv"));
        Assert.Single(Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public void A_pipeline_that_is_cut_off_leaves_the_old_file_and_says_so()
    {
        File.WriteAllText(Path.Combine(_folder, "old.csv"), "precious");

        var screen = _shell.Show("foreach ($once in 1) { 1..9 | Save-TestResults old.csv -PassThru | ForEach-Object { if ($_ -eq 3) { break } } }");

        Assert.Contains("nothing was saved, 'old.csv' was not touched", screen, StringComparison.Ordinal);
        Assert.Equal("precious", Read("old.csv"));
        Assert.Single(Directory.EnumerateFiles(_folder));
    }

    [Fact]
    public void NoClobber_keeps_a_file_and_Force_replaces_a_read_only_one()
    {
        var path = Path.Combine(_folder, "old.csv");
        File.WriteAllText(path, "precious");
        Assert.StartsWith("FileExists", _shell.InvokeExpectingError("1 | Save-TestResults old.csv -NoClobber").FullyQualifiedErrorId, StringComparison.Ordinal);

        File.SetAttributes(path, FileAttributes.ReadOnly);
        Assert.StartsWith("FileIsReadOnly", _shell.InvokeExpectingError("1 | Save-TestResults old.csv").FullyQualifiedErrorId, StringComparison.Ordinal);

        _shell.Invoke("1 | Save-TestResult old.csv -Force");
        Assert.Equal("value\n1\n", Read("old.csv"));
    }

    [Fact]
    public void A_number_that_no_column_of_numbers_holds_is_saved_with_all_its_digits()
    {
        _shell.Invoke("[pscustomobject]@{ n = [ulong]::MaxValue; d = 1.10d; m = 12345678901234567890.12d }, [pscustomobject]@{ n = 1; d = 2; m = 0.5 } | Save-TestResults o.csv");
        Assert.Equal("n,d,m\n18446744073709551615,1.1,12345678901234567890.12\n1,2,0.5\n", Read("o.csv"));
    }

    [Fact]
    [System.Runtime.Versioning.UnsupportedOSPlatform("windows")]
    public void A_link_keeps_its_place_and_who_could_not_read_the_old_file_cannot_read_the_new_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Links need a privilege there, and files have no mode.");
        var target = Path.Combine(_folder, "secret", "old.csv");
        Directory.CreateDirectory(Path.GetDirectoryName(target)!);
        File.WriteAllText(target, "old");
        File.SetUnixFileMode(target, UnixFileMode.UserRead | UnixFileMode.UserWrite);
        File.CreateSymbolicLink(Path.Combine(_folder, "link.csv"), Path.Combine("secret", "old.csv"));

        _shell.Invoke("1 | Save-TestResults link.csv; 2 | Save-TestResults link.csv -Append");
        Assert.NotNull(new FileInfo(Path.Combine(_folder, "link.csv")).LinkTarget);
        Assert.Equal("value\n1\n2\n", File.ReadAllText(target));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(target));
        Assert.Single(Directory.EnumerateFileSystemEntries(Path.GetDirectoryName(target)!));
    }

    [Fact]
    public void What_is_no_file_is_never_replaced_by_one()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Such things have no path there.");
        var path = Path.Combine(_folder, "socket");
        using var socket = new System.Net.Sockets.Socket(System.Net.Sockets.AddressFamily.Unix, System.Net.Sockets.SocketType.Stream, System.Net.Sockets.ProtocolType.Unspecified);
        socket.Bind(new System.Net.Sockets.UnixDomainSocketEndPoint(path));
        Assert.StartsWith("FileNotWritable", _shell.InvokeExpectingError("1 | Save-TestResults socket -Format csv").FullyQualifiedErrorId, StringComparison.Ordinal);
        Assert.Equal(["socket"], Directory.EnumerateFileSystemEntries(_folder).Select(Path.GetFileName));
        Assert.Throws<IOException>(() => File.ReadAllText(path));
    }

    [Fact]
    public void WhatIf_writes_nothing_and_PassThru_hands_on()
    {
        Assert.Equal([1, 2], _shell.Invoke("1, 2 | Save-TestResults o.json -PassThru -WhatIf").Select(o => o.BaseObject));
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private static object OneResult() => Made.Result(
        "Failed", "a, \"b\"", [("Model", "sim-strong"), ("max_tokens", 5L)], [("Turns", 3), ("ParseGaps", double.NaN)],
        ("Cause", "wrong-answer"), ("Scored", true), ("Score", 0.25), ("DurationSeconds", 1.5), ("Message", "two\nlines"), ("Index", 7),
        ("StartedAt", new DateTime(2026, 11, 23, 20, 5, 43, DateTimeKind.Utc).AddTicks(1_234_560)));

    private string Read(string file) => File.ReadAllText(Path.Combine(_folder, file));
}
