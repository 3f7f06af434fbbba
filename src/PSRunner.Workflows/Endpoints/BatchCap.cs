using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Endpoints;

/// <summary>What limits a batch beside the limits of its keys: its own rate of requests, and its budget.</summary>
internal sealed class BatchCap(Budget budget, Pace pace, TimeProvider time)
{
    /// <summary>What the batch may use.</summary>
    public Budget Budget => budget;

    /// <summary>Its rate of requests.</summary>
    public Pace Pace => pace;

    /// <summary>Waits until a request may go out. When the budget is used up that is never: the batch ends, and this with it.</summary>
    /// <exception cref="OperationCanceledException"><paramref name="cancellation"/> was signalled.</exception>
    public async ValueTask<RatePermit> EnterAsync(RateGate gate, double tokens, CancellationToken cancellation)
    {
        var permit = await gate.EnterAsync(tokens, cancellation, pace).ConfigureAwait(false);
        if (!budget.TryTake())
        {
            permit.Dispose();
            await Task.Delay(Timeout.InfiniteTimeSpan, time, cancellation).ConfigureAwait(false);
        }

        return permit;
    }
}
