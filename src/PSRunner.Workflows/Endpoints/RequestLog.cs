namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// What is told of the requests of one attempt: how many, how long they waited for permits and took, what they used. A
/// client that has one keeps the limit of each request itself, without the time in queues. One request at a time.
/// </summary>
/// <param name="time">The clock.</param>
/// <param name="cap">What the batch may use; null: no batch.</param>
/// <param name="stopClocks">Stops the attempt's clocks until the result is disposed of.</param>
internal sealed class RequestLog(TimeProvider time, BatchCap? cap = null, Func<IDisposable>? stopClocks = null)
{
    /// <summary>What the batch may use; null: no batch.</summary>
    public BatchCap? Cap => cap;

    /// <summary>The prices of the endpoint.</summary>
    public Prices Prices { get; init; } = Prices.Unknown;

    /// <summary>Requests sent, those sent again among them.</summary>
    public int Sent { get; private set; }

    /// <summary>Replies that came whole.</summary>
    public int Replies { get; private set; }

    /// <summary>Time in queues for permits.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Time from sending to the last byte, of the requests that got a reply.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Tokens sent, also for replies that broke off or were of no use; NaN when one of them did not say.</summary>
    public double InputTokens { get; private set; }

    /// <summary>Tokens received; NaN when a reply did not say.</summary>
    public double OutputTokens { get; private set; }

    /// <summary>What the tokens cost; NaN when they or their prices are not known.</summary>
    public double Cost => Prices.Of(InputTokens, OutputTokens);

    /// <summary>A request goes out.</summary>
    public void Send() => Sent++;

    /// <summary>A reply came whole.</summary>
    /// <param name="took">From sending to the last byte.</param>
    public void Reply(TimeSpan took)
    {
        Replies++;
        Busy += took;
    }

    /// <summary>What a request used, whatever its reply was good for. NaN: the provider did not say; the budget counts the estimate.</summary>
    public void Spend(double inputTokens, double outputTokens, double inputEstimate, double outputEstimate)
    {
        InputTokens += inputTokens;
        OutputTokens += outputTokens;
        var (input, output) = (Or(inputTokens, inputEstimate), Or(outputTokens, outputEstimate));
        cap?.Budget.Add(input + output, Prices.Of(input, output));
        static double Or(double known, double estimate) => double.IsNaN(known) ? estimate : known;
    }

    /// <summary>Meters a wait, and stops the attempt's clocks, until the result is disposed of.</summary>
    public IDisposable Waiting() => new Wait(this, time, stopClocks?.Invoke());

    private sealed class Wait(RequestLog log, TimeProvider time, IDisposable? clocks) : IDisposable
    {
        private readonly long _since = time.GetTimestamp();

        public void Dispose()
        {
            log.Waited += time.GetElapsedTime(_since);
            clocks?.Dispose();
        }
    }
}

/// <summary>What a million tokens cost; NaN: unknown.</summary>
internal sealed record Prices(double Input, double Output)
{
    private const double Million = 1e6;

    /// <summary>Nobody said.</summary>
    public static readonly Prices Unknown = new(double.NaN, double.NaN);

    /// <summary>What tokens cost.</summary>
    public double Of(double inputTokens, double outputTokens) => ((inputTokens * Input) + (outputTokens * Output)) / Million;
}
