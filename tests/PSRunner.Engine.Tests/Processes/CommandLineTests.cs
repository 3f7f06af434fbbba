using PSRunner.Engine.Processes.Windows;

namespace PSRunner.Engine.Tests.Processes;

/// <summary>The parts of the Windows implementation that are plain text.</summary>
public sealed class CommandLineTests
{
    [Theory]
    [InlineData("plain", "plain")]
    [InlineData("", "\"\"")]
    [InlineData("a b", "\"a b\"")]
    [InlineData("say \"x\"", "\"say \\\"x\\\"\"")]
    [InlineData(@"C:\a b\", @"""C:\a b\\""")]
    [InlineData(@"C:\a\", @"C:\a\")]
    [InlineData(@"a\\""b", @"""a\\\\\""b""")]
    [InlineData("%PATH% & ^", "\"%PATH% & ^\"")]
    public void An_argument_is_quoted_as_the_C_runtime_reads_it(string argument, string quoted) =>
        Assert.Equal("\"C:\\p q.exe\" " + quoted, CommandLine.Join(@"C:\p q.exe", [argument]));

    [Fact]
    public void Variables_are_sorted_and_ended_twice() =>
        Assert.Equal("a=1\0B=2\0c=\0\0", WindowsProcessTrees.BlockOf(new Dictionary<string, string> { ["c"] = "", ["B"] = "2", ["a"] = "1" }));
}
