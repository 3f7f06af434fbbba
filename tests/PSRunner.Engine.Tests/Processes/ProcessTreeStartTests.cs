using System.Text;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>What a program gets and what is told when it ends by itself.</summary>
[Collection(ProcessCollection.Name)]
public sealed class ProcessTreeStartTests(TreeFixture fixture) : IClassFixture<TreeFixture>
{
    [Theory]
    [InlineData("exit 0", 0, "")]
    [InlineData("exit 3", 3, "")]
    [InlineData("exit 126", 126, "")]
    [InlineData("no-such-program-xyz", 127, "")]
    [InlineData("kill -9 $$", null, "SIGKILL")]
    [InlineData("kill -SEGV $$", null, "SIGSEGV")]
    [InlineData("kill -PIPE $$", null, "SIGPIPE")]
    public async Task Exit_code_or_signal_is_told(string script, int? code, string signal)
    {
        var (exit, _) = await fixture.RunAsync(fixture.Sh(script));

        Assert.Equal((code, signal), (exit.ExitCode, exit.Signal));
        Assert.Empty(exit.Survivors);
    }

    [Fact]
    public async Task Arguments_arrive_as_they_are()
    {
        var (_, output) = await fixture.RunAsync(fixture.Program("printf", "<%s>", "", "a b", "*", "$HOME", "\"'\\", "ä\n€"));

        Assert.Equal("<><a b><*><$HOME><\"'\\><ä\n€>", output);
    }

    [Fact]
    public async Task Environment_is_inherited_changed_and_marked()
    {
        var options = fixture.Sh("echo \"$ADDED:${HOME-none}:$PSRUNNER_CASE:${PATH:+path}\"") with
        {
            Environment = new Dictionary<string, string?> { ["ADDED"] = "x=y", ["HOME"] = null },
        };

        var (_, output) = await fixture.RunAsync(options);

        Assert.Equal($"x=y:none:{options.Marker}:path\n", output);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    [InlineData(1_000_000)]
    public async Task Standard_input_arrives_whole_and_its_file_goes(int length)
    {
        var options = fixture.Program("wc", "-c") with { StandardInput = new byte[length] };

        var (_, output) = await fixture.RunAsync(options);

        Assert.Equal(length, int.Parse(output.Trim(), System.Globalization.CultureInfo.InvariantCulture));
        Assert.Empty(Directory.GetFiles(fixture.Folder, "*.stdin"));
    }

    [Fact]
    public async Task Output_and_errors_may_share_one_file()
    {
        var options = fixture.Sh("echo one; echo two >&2; echo three");
        options = options with { StandardErrorPath = options.StandardOutputPath };

        var (_, output) = await fixture.RunAsync(options);

        Assert.Equal("one\ntwo\nthree\n", output);
    }

    [Fact]
    public async Task A_program_leads_its_own_session_and_ignores_no_signal()
    {
        var (_, output) = await fixture.RunAsync(fixture.Sh("cut -d' ' -f1,5,6 /proc/$$/stat; grep -E 'Sig(Blk|Ign)' /proc/$$/status | cut -f2"));

        var lines = output.Split('\n');
        var ids = lines[0].Split(' ');
        Assert.Equal([ids[0], ids[0]], ids[1..]);

        // Two numbers above the 31 of POSIX belong to the C library.
        Assert.All(lines[1..3], mask => Assert.Equal(0UL, Convert.ToUInt64(mask, 16) & 0x7FFF_FFFF));
    }

    [Fact]
    public async Task A_yielding_program_is_nice_and_the_first_victim()
    {
        var (_, output) = await fixture.RunAsync(fixture.Sh("sleep 0.2; cut -d' ' -f19 /proc/$$/stat; cat /proc/$$/oom_score_adj") with { Yields = true });

        var lines = output.Split('\n');
        Assert.True(int.Parse(lines[0], System.Globalization.CultureInfo.InvariantCulture) >= 10, output);
        Assert.Equal("1000", lines[1]);
    }

    [Fact]
    public async Task Processor_time_and_memory_are_measured()
    {
        // Holds some 60 MB for a while: below the size of this process, so only samples can tell.
        var (exit, _) = await fixture.RunAsync(fixture.Sh("x=$(head -c 30000000 /dev/zero | tr '\\0' a); i=0; while [ $i -lt 100000 ]; do i=$((i+1)); done; sleep 1"));

        Assert.InRange(exit.PeakMemoryKiB, 25_000, 250_000);
        Assert.InRange(exit.CpuSeconds, 0.01, 20);
    }

    [Fact]
    public void A_program_that_does_not_exist_is_named() => AssertFails(ProcessStartFailure.NoSuchProgram, "no-such-program-xyz", fixture.Program("no-such-program-xyz"));

    [Fact]
    public void A_path_that_does_not_exist_is_named() => AssertFails(ProcessStartFailure.NoSuchProgram, "missing", fixture.Program("./missing"));

    [Fact]
    public void A_file_without_permission_is_not_executable() => AssertFails(ProcessStartFailure.NotExecutable, "chmod", fixture.Program(Write("plain", "#!/bin/sh\n", UnixFileMode.UserRead)));

    [Fact]
    public void A_script_without_a_first_line_is_not_executable() => AssertFails(ProcessStartFailure.NotExecutable, "#!", fixture.Program(Write("bare", "exit 0\n", Executable)));

    [Fact]
    public void A_missing_interpreter_is_told() => AssertFails(ProcessStartFailure.NoSuchProgram, "interpreter", fixture.Program(Write("odd", "#!/no/such\n", Executable)));

    [Fact]
    public void A_missing_working_directory_is_told() => AssertFails(ProcessStartFailure.NoFolder, "working directory", fixture.Sh("exit 0") with { WorkingDirectory = fixture.Folder + "/gone" });

    [Fact]
    public void A_missing_output_folder_is_told() => AssertFails(ProcessStartFailure.NoFolder, "output file", fixture.Sh("exit 0") with { StandardOutputPath = fixture.Folder + "/gone/out" });

    [Fact]
    public void A_zero_byte_in_an_argument_is_refused() => AssertFails(ProcessStartFailure.System, "zero byte", fixture.Program("echo", "a\0b"));

    [Fact]
    public void Arguments_that_are_too_long_are_refused() => AssertFails(ProcessStartFailure.System, "too long", fixture.Program("echo", new string('a', 3_000_000)));

    [Fact]
    public async Task Output_of_any_size_and_kind_costs_nobody_anything()
    {
        var options = fixture.Sh("head -c 200000000 /dev/zero; head -c 100 /dev/urandom; printf 'ende\\n'");

        var exit = await fixture.Trees.Start(options).WaitAsync(TestContext.Current.CancellationToken).Soon();

        var tail = OutputTail.Read(options.StandardOutputPath, 1000);
        Assert.Equal((0, 200_000_105, true), (exit.ExitCode, tail.Length, tail.IsCut));
        Assert.EndsWith("ende\n", tail.Text, StringComparison.Ordinal);
        File.Delete(options.StandardOutputPath);
    }

    private const UnixFileMode Executable = UnixFileMode.UserRead | UnixFileMode.UserExecute;

    private string Write(string name, string text, UnixFileMode mode)
    {
        var path = Path.Combine(fixture.Folder, name);
        File.WriteAllText(path, text, new UTF8Encoding(false));
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }

        return path;
    }

    private void AssertFails(ProcessStartFailure failure, string told, ProcessTreeOptions options)
    {
        var error = Assert.Throws<ProcessStartException>(() => fixture.Trees.Start(options));

        Assert.Equal(failure, error.Failure);
        Assert.Contains(told, error.Message, StringComparison.Ordinal);
    }
}
