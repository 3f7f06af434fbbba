using System.Globalization;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Workflows.Endpoints;

/// <summary>What the requests of a batch used, over all its sessions.</summary>
/// <param name="Requests">Requests sent.</param>
/// <param name="Tokens">Tokens of requests and replies; estimated where the provider did not say.</param>
/// <param name="Cost">Their price, where prices are known.</param>
internal sealed record Usage(long Requests = 0, double Tokens = 0, double Cost = 0)
{
    /// <summary>This, or what the results say together, whichever is more. Attempts without a result are in neither.</summary>
    public Usage AtLeast(IEnumerable<TestResult> results)
    {
        var (requests, tokens, cost) = (0.0, 0.0, 0.0);
        foreach (var (name, value) in results.SelectMany(r => r.GetMetrics()).Where(m => double.IsFinite(m.Value)))
        {
            requests += name == MetricNames.Requests ? value : 0;
            tokens += name is MetricNames.InputTokens or MetricNames.OutputTokens ? value : 0;
            cost += name == MetricNames.Cost ? value : 0;
        }

        return new Usage(Math.Max(Requests, (long)requests), Math.Max(Tokens, tokens), Math.Max(Cost, cost));
    }
}

/// <summary>
/// Counts what a batch uses and says once when it is too much. A request is counted before it goes out, so their number is
/// never exceeded; tokens and money are known after it, so they are exceeded by what is in flight at most.
/// </summary>
internal sealed class Budget
{
    private readonly Lock _lock = new();
    private readonly BatchOptions _options;
    private readonly Action<string> _exhausted;
    private Usage _used;
    private bool _told;

    /// <param name="options">The limits.</param>
    /// <param name="used">What earlier sessions used.</param>
    /// <param name="exhausted">Hears, once, what is used up.</param>
    public Budget(BatchOptions options, Usage used, Action<string> exhausted)
    {
        _options = options;
        _used = used;
        _exhausted = exhausted;
    }

    /// <summary>What was used so far.</summary>
    public Usage Used
    {
        get
        {
            lock (_lock)
            {
                return _used;
            }
        }
    }

    /// <summary>Counts a request that is about to go out; false: nothing is left for it.</summary>
    public bool TryTake()
    {
        string? spent;
        lock (_lock)
        {
            spent = Spent();
            if (spent is null)
            {
                _used = _used with { Requests = _used.Requests + 1 };
                return true;
            }

            if (_told)
            {
                return false;
            }

            _told = true;
        }

        _exhausted(spent);
        return false;
    }

    /// <summary>Counts what a reply used.</summary>
    public void Add(double tokens, double cost)
    {
        lock (_lock)
        {
            _used = _used with { Tokens = _used.Tokens + tokens, Cost = _used.Cost + (double.IsNaN(cost) ? 0 : cost) };
        }
    }

    private string? Spent() =>
        _used.Requests >= _options.MaxRequests ? Text($"{_used.Requests:#,0} requests were sent (-MaxRequests {_options.MaxRequests})")
        : _used.Tokens >= _options.MaxTokens ? Text($"{_used.Tokens:#,0} tokens were used (-MaxTokens {_options.MaxTokens})")
        : _used.Cost >= _options.MaxCost ? Text($"{_used.Cost:0.####} were spent (-MaxCost {_options.MaxCost})")
        : null;

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
