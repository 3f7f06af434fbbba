using System.Text;
using PSRunner.Engine.Processes;

namespace PSRunner.Engine.Tests.Processes;

public sealed class OutputTests : IDisposable
{
    private readonly string _path = Path.GetTempFileName();

    public void Dispose() => File.Delete(_path);

    [Fact]
    public void A_short_file_is_read_whole()
    {
        File.WriteAllText(_path, "grüße\n");

        Assert.Equal(("grüße\n", 8L, false), Parts(OutputTail.Read(_path)));
    }

    [Fact]
    public void A_missing_file_reads_as_empty() => Assert.Equal(("", 0L, false), Parts(OutputTail.Read(_path + "/no/such")));

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    public void A_cut_text_does_not_begin_inside_a_character(int bytes)
    {
        File.WriteAllText(_path, "ab😀c");

        var text = OutputTail.Read(_path, bytes).Text;

        Assert.Equal(bytes < 5 ? "c" : "😀c", text);
    }

    [Fact]
    public void Bytes_that_are_no_text_are_kept_as_replacement_characters()
    {
        File.WriteAllBytes(_path, [0xFF, 0x80, (byte)'a', 0, 0xC3]);

        Assert.Equal("\uFFFD\uFFFDa\0\uFFFD", OutputTail.Read(_path).Text);
    }

    [Fact]
    public void A_gigabyte_without_a_line_end_costs_only_its_tail()
    {
        using (var file = File.OpenHandle(_path, FileMode.Open, FileAccess.Write))
        {
            RandomAccess.SetLength(file, 1L << 30);
            RandomAccess.Write(file, Encoding.ASCII.GetBytes("end"), 1L << 30);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        var tail = OutputTail.Read(_path);

        Assert.Equal((1L << 30) + 3, tail.Length);
        Assert.True(tail.IsCut);
        Assert.EndsWith("\0end", tail.Text, StringComparison.Ordinal);
        Assert.True(GC.GetAllocatedBytesForCurrentThread() - before < 1_000_000);
    }

    [Fact]
    public void Growth_is_told_once_for_each_look_that_finds_it()
    {
        using var watch = new OutputWatch(TimeSpan.FromHours(1));
        var told = new List<long>();
        var other = _path + ".2";
        using (watch.Watch([_path, other], told.Add))
        {
            watch.Look();
            File.AppendAllText(_path, "abc");
            watch.Look();
            watch.Look();
            File.WriteAllText(other, "de");
            watch.Look();
        }

        File.AppendAllText(_path, "more");
        watch.Look();
        File.Delete(other);

        Assert.Equal([3L, 5L], told);
    }

    [Fact]
    public void What_was_written_before_is_not_told()
    {
        using var watch = new OutputWatch(TimeSpan.FromHours(1));
        var told = new List<long>();
        File.WriteAllText(_path, "an earlier test's");
        using (watch.Watch([_path], told.Add, starts: [17]))
        {
            watch.Look();
            File.AppendAllText(_path, "!");
            watch.Look();
        }

        Assert.Equal([18L], told);
    }

    [Fact]
    public void The_watch_looks_by_itself()
    {
        using var watch = new OutputWatch(TimeSpan.FromMilliseconds(10));
        using var seen = new ManualResetEventSlim();
        using var watching = watch.Watch([_path], _ => seen.Set());

        File.AppendAllText(_path, "abc");

        Assert.True(seen.Wait(TreeFixture.Patience, TestContext.Current.CancellationToken));
    }

    private static (string, long, bool) Parts(OutputTail tail) => (tail.Text, tail.Length, tail.IsCut);
}
