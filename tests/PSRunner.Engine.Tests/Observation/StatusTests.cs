using System.Text.Json;
using PSRunner.Engine.Observation;

namespace PSRunner.Engine.Tests.Observation;

public sealed class StatusTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-status-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Status_comes_back_as_it_was_and_holds_null_where_nothing_was_measured()
    {
        var path = Path.Combine(_folder, "status.json");
        var written = new StatusDocument
        {
            Progress = new TestProgress { Name = "a", Done = 3, Planned = 7, Rate = double.NaN, ElapsedSeconds = 1.5, Gate = "disk" },
            Acknowledged = ["x", "y"],
        };
        File.WriteAllBytes(path, written.ToBytes());

        using var json = JsonDocument.Parse(File.ReadAllBytes(path));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("progress").GetProperty("rate").ValueKind);
        Assert.Equal(3, json.RootElement.GetProperty("progress").GetProperty("done").GetInt32());

        var read = StatusDocument.TryRead(path)!;
        Assert.Equal(written.Progress, read.Progress);
        Assert.Equal(written.Acknowledged, read.Acknowledged);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("{\"progress\":{\"done\":\"x\"}}")]
    public void A_status_that_cannot_be_understood_is_no_status(string text)
    {
        var path = Path.Combine(_folder, "status.json");
        File.WriteAllText(path, text);
        Assert.Null(StatusDocument.TryRead(path));
        Assert.Null(StatusDocument.TryRead(path + "x"));
    }

    [Fact]
    public void Commands_are_taken_once_in_the_order_they_were_sent_and_rubbish_is_told_of()
    {
        var start = new DateTimeOffset(2026, 11, 23, 20, 0, 0, TimeSpan.Zero);
        ControlFolder.Send(_folder, new ControlCommand { Id = "b", Command = "set", ThrottleLimit = 50 }, start.AddSeconds(1));
        ControlFolder.Send(_folder, new ControlCommand { Id = "a", Command = "stop", Force = true }, start.AddSeconds(2));
        File.WriteAllText(Path.Combine(_folder, "0.json"), "stop!");
        File.WriteAllText(Path.Combine(_folder, "1.json.tmp"), "{");
        var refused = new List<string>();

        var commands = ControlFolder.Take(_folder, (file, _) => refused.Add(file)).ToList();

        Assert.Equal(["b set 50 False", "a stop  True"], commands.Select(c => $"{c.Id} {c.Command} {c.ThrottleLimit} {c.Force}"));
        Assert.Equal(["0.json"], refused);
        Assert.Empty(ControlFolder.Take(_folder, (file, _) => refused.Add(file)));
    }

    [Theory]
    [InlineData("flawed", true)]
    [InlineData("a b.c-d_é", true)]
    [InlineData("", false)]
    [InlineData(" a", false)]
    [InlineData("a/b", false)]
    [InlineData("a[1]", false)]
    [InlineData("a*", false)]
    [InlineData("..", false)]
    [InlineData("a\nb", false)]
    public void A_batch_name_is_a_safe_folder_name(string name, bool good)
    {
        if (good)
        {
            BatchName.Check(name);
        }
        else
        {
            Assert.Equal("BadBatchName", Assert.Throws<TestBatchException>(() => BatchName.Check(name)).ErrorId);
        }
    }

    [Fact]
    public void An_id_tells_its_label_its_time_and_its_four_digits()
    {
        var id = BatchName.NewId("my-batch", new DateTimeOffset(2026, 11, 23, 20, 5, 43, TimeSpan.Zero));

        Assert.Equal("my-batch", BatchName.LabelOf(id));
        Assert.Equal(id, $"my-batch-{BatchName.TimeOf(id)}-{BatchName.ShortOf(id)}");
        Assert.EndsWith(BatchName.ShortOf(id), id, StringComparison.Ordinal);
        Assert.Equal("no-id-at-all", BatchName.LabelOf("no-id-at-all"));
    }
}
