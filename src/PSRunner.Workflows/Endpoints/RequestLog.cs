namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// What is told of the requests of one attempt: how many, how long they waited for permits and took, what they used. A
/// client that has one keeps the limit of each request itself, without the time in queues. One request at a time.
/// </summary>
internal sealed class RequestLog(TimeProvider time, Func<IDisposable>? stopClocks = null)
{
    /// <summary>Requests sent, those sent again among them.</summary>
    public int Sent { get; private set; }

    /// <summary>Replies that came whole.</summary>
    public int Replies { get; private set; }

    /// <summary>Time in queues for permits.</summary>
    public TimeSpan Waited { get; private set; }

    /// <summary>Time from sending to the last byte, of the requests that got a reply.</summary>
    public TimeSpan Busy { get; private set; }

    /// <summary>Tokens sent; NaN when a reply did not say.</summary>
    public double InputTokens { get; private set; }

    /// <summary>Tokens received; NaN when a reply did not say.</summary>
    public double OutputTokens { get; private set; }

    /// <summary>A request goes out.</summary>
    public void Send() => Sent++;

    /// <summary>A reply came.</summary>
    public void Reply(TimeSpan took, double inputTokens, double outputTokens)
    {
        Replies++;
        Busy += took;
        InputTokens += inputTokens;
        OutputTokens += outputTokens;
    }

    /// <summary>Meters a wait, and stops the attempt's clocks, until the result is disposed of.</summary>
    public IDisposable Waiting() => new Wait(this, stopClocks?.Invoke());

    private sealed class Wait(RequestLog log, IDisposable? clocks) : IDisposable
    {
        private readonly long _since = log.Clock.GetTimestamp();

        public void Dispose()
        {
            log.Waited += log.Clock.GetElapsedTime(_since);
            clocks?.Dispose();
        }
    }

    private TimeProvider Clock => time;
}
