using System.Diagnostics;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

public class ParquetResultTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Results_come_back_from_parquet_as_they_went_in()
    {
        var plan = new FakePlan(1_000);
        var results = Enumerable.Range(0, plan.Count).Select(i => plan.Result(i)).ToArray();
        using var stream = new MemoryStream();
        await using (var writer = await ParquetResultWriter.CreateAsync(stream, plan.Schema, new Dictionary<string, string> { ["a"] = "b" }))
        {
            await writer.WriteAsync(results[..600]);
            await writer.WriteAsync(results[600..]);
        }

        await using var reader = await ParquetResultReader.OpenAsync(stream);
        Assert.Equal("b", reader.Metadata["a"]);
        Assert.Equal(2, reader.GroupCount);
        TestResult[] back = [.. await reader.ReadAsync(0, plan.Schema, ""), .. await reader.ReadAsync(1, plan.Schema, "")];
        Assert.Equal(results.Select(FakePlan.Tell), back.Select(FakePlan.Tell));
        var keys = await reader.ReadKeysAsync(1);
        Assert.Equal(new ResultKeyRecord(600, 1, RecordParser.ByteOf(results[600].Outcome)), keys[0]);
    }

    [Fact]
    public void Writing_and_reading_wait_for_nothing_when_the_stream_does_not()
    {
        var plan = new FakePlan(20_000);
        var results = Enumerable.Range(0, plan.Count).Select(i => plan.Result(i)).ToArray();
        using var stream = new MemoryStream();
        var clock = Stopwatch.StartNew();
        var writer = Finished(ParquetResultWriter.CreateAsync(stream, plan.Schema));
        for (var i = 0; i < 2; i++)
        {
            Assert.True(writer.WriteAsync(results[(i * 10_000)..((i + 1) * 10_000)]).IsCompletedSuccessfully);
        }

        Assert.True(writer.DisposeAsync().AsTask().IsCompletedSuccessfully);
        output.WriteLine($"{plan.Count / clock.Elapsed.TotalSeconds:N0} rows/s written, {stream.Length:N0} bytes");
        clock.Restart();
        var reader = Finished(ParquetResultReader.OpenAsync(stream));
        Assert.Equal(10_000, Finished(reader.ReadKeysAsync(0)).Length);
        output.WriteLine($"{clock.ElapsedMilliseconds} ms for the first keys");
        clock.Restart();
        Assert.Equal(10_000, Finished(reader.ReadKeysAsync(1)).Length);
        output.WriteLine($"{clock.ElapsedMilliseconds} ms for the next keys");
        clock.Restart();
        Assert.Equal(10_000, Finished(reader.ReadAsync(1, plan.Schema, "")).Length);
        output.WriteLine($"{clock.ElapsedMilliseconds} ms for whole rows");
    }

    private static T Finished<T>(Task<T> task)
    {
        Assert.True(task.IsCompletedSuccessfully);
        return task.GetAwaiter().GetResult();
    }
}
