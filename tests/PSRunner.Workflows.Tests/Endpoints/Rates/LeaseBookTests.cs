using Microsoft.Extensions.Time.Testing;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

public sealed class LeaseBookTests : IDisposable
{
    private static readonly LeaseAsk Half = new(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromSeconds(0.5));
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-lease-").FullName;
    private readonly FakeTimeProvider _time = new();

    private string KeyFile => Path.Combine(_folder, "rates", "key");

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Two_books_of_one_file_give_the_time_away_once()
    {
        var (one, other) = (Book(), Book());

        Assert.Equal([0, 0.5, 1, 1.5], new[] { one, other, other, one }.Select(From));
        Assert.Null(one.Trouble);
    }

    [Fact]
    public void A_rate_of_three_requests_an_hour_is_a_rate()
    {
        var book = Book();
        var ask = new LeaseAsk(TimeSpan.Zero, TimeSpan.Zero, TimeSpan.FromMinutes(20));

        Assert.Equal([0, 1200, 2400], new[] { 1, 2, 3 }.Select(_ => book.Lease(ask, _time.Start.Ticks).From.TotalSeconds));
    }

    [Fact]
    public void Time_that_passed_is_given_to_nobody()
    {
        From(Book());
        _time.Advance(TimeSpan.FromSeconds(60));
        Assert.Equal(60, From(Book()), 1e-6);
    }

    [Theory]
    [InlineData("")]
    [InlineData("short")]
    [InlineData("There is something else in this file, and it is longer than what should be there.")]
    public void A_damaged_file_is_read_as_if_another_process_had_just_taken_a_lease(string content)
    {
        From(Book());
        File.WriteAllText(KeyFile, content);

        Assert.Equal(content.Length == 0 ? 0 : 0.5, From(Book()), 1e-6);
        Assert.Equal(content.Length == 0 ? 0.5 : 1, From(Book()), 1e-6);
    }

    [Fact]
    public void A_file_from_before_the_machine_started_again_is_not_believed()
    {
        _time.Advance(TimeSpan.FromDays(3));
        From(Book());
        var later = new FakeTimeProvider();
        Assert.Equal(0.5, Seconds(new LeaseBook(new LeaseFile(KeyFile, later), later), later), 1e-6);
    }

    [Fact]
    public void A_file_that_cannot_be_written_leaves_each_process_to_itself_until_it_can()
    {
        File.WriteAllText(Path.Combine(_folder, "rates"), "no folder");
        var book = Book();

        Assert.Equal([0, 0.5], new[] { book, book }.Select(From));
        Assert.NotNull(book.Trouble);

        File.Delete(Path.Combine(_folder, "rates"));
        From(book);
        Assert.NotNull(book.Trouble);
        _time.Advance(TimeSpan.FromSeconds(11));
        From(book);
        Assert.Null(book.Trouble);
    }

    [Fact]
    public void A_process_that_was_stopped_with_the_lock_holds_nobody_up()
    {
        From(Book());
        using var held = File.OpenHandle(KeyFile, FileMode.Open, FileAccess.ReadWrite, FileShare.None);
        var book = Book();

        Assert.Equal(0, From(book), 1e-6);
        Assert.NotNull(book.Trouble);
    }

    [Fact]
    public void Keys_that_were_not_used_for_a_week_are_forgotten_when_a_new_one_comes()
    {
        From(Book());
        _time.SetUtcNow(new DateTimeOffset(File.GetLastWriteTimeUtc(KeyFile)).AddDays(8));
        Seconds(new LeaseBook(new LeaseFile(KeyFile + "2", _time), _time), _time);

        Assert.False(File.Exists(KeyFile));
    }

    [Fact]
    public void The_name_of_the_file_tells_keys_apart_and_nothing_about_them()
    {
        string[] names = [.. new[] { "sk-one-0123456789", "sk-two-0123456789" }.Select(key => LeaseFile.NameOf(Options(key)))];

        Assert.Equal(2, names.Distinct().Count());
        Assert.Equal(names[0], LeaseFile.NameOf(Options("sk-one-0123456789")));
        Assert.All(names, name => Assert.Matches("^[0-9a-f]{32}$", name));
        Assert.DoesNotContain(new ApiKey("sk-one-0123456789").Hash[..16], names[0], StringComparison.Ordinal);
    }

    [Fact]
    public void Batches_with_and_without_fixed_rates_draw_from_one_book_in_one_process()
    {
        var hub = new DeploymentHub(_time);
        var endpoint = new TestEndpoint { Name = "m", Uri = "http://localhost:1/v1", Model = "m", RequestsPerMinute = 60 };
        using var steered = hub.Open(endpoint, [ApiKey.None]);
        using var isFixed = hub.Open(endpoint, [ApiKey.None], isFixed: true);
        using var free = hub.Open(endpoint with { RequestsPerMinute = double.NaN }, [ApiKey.None]);

        var book = steered.Endpoint.Deployments[0].Book;
        Assert.NotNull(book);
        Assert.NotSame(steered.Endpoint.Deployments[0], isFixed.Endpoint.Deployments[0]);
        Assert.Same(book, isFixed.Endpoint.Deployments[0].Book);
        Assert.Null(free.Endpoint.Deployments[0].Book);
    }

    [Fact]
    public async Task Gates_of_one_book_share_its_rate()
    {
        var book = new LeaseBook(null, _time);
        using var one = new RateGate(new RateOptions { RequestsPerSecond = 10, IsFixed = true }, _time, book);
        using var other = new RateGate(new RateOptions { RequestsPerSecond = 10 }, _time, book);
        var entered = 0;
        Task[] waiting = [.. new[] { one, other }.SelectMany(gate => Enumerable.Range(0, 50).Select(_ => Enter(gate)))];

        for (var tick = 1; tick <= 80; tick++)
        {
            _time.Advance(TimeSpan.FromMilliseconds(50));
            await Task.Yield();
        }

        var began = TimeProvider.System.GetTimestamp();
        while (Volatile.Read(ref entered) < 39 && TimeProvider.System.GetElapsedTime(began) < TimeSpan.FromSeconds(20))
        {
            await Task.Yield();
        }

        Assert.InRange(entered, 39, 41);
        one.Dispose();
        other.Dispose();
        await Assert.ThrowsAsync<ObjectDisposedException>(() => Task.WhenAll(waiting));

        async Task Enter(RateGate gate)
        {
            using var permit = await gate.EnterAsync(1, TestContext.Current.CancellationToken);
            Interlocked.Increment(ref entered);
        }
    }

    private static EndpointOptions Options(string key) => new() { Address = new Uri("http://localhost/v1"), Model = "m", Key = new ApiKey(key) };

    private LeaseBook Book() => new(new LeaseFile(KeyFile, _time), _time);

    private double From(LeaseBook book) => Seconds(book, _time);

    private static double Seconds(LeaseBook book, FakeTimeProvider time)
    {
        var origin = time.Start.Ticks;
        var now = time.GetElapsedTime(0) - time.GetElapsedTime(0, origin);
        return book.Lease(Half with { Since = now }, origin).From.TotalSeconds;
    }
}
