namespace PSRunner.Workflows.Endpoints;

/// <summary>A reply's bytes, read one read at a time; a read that brings none within the limit fails.</summary>
internal sealed class WatchedStream(Stream inner, TimeSpan pauseLimit, TimeProvider time) : WrappedStream(inner)
{
    // One for all reads: a reply in pieces has hundreds.
    private readonly CancellationTokenSource _late = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenSource? _both;
    private CancellationToken _caller;
    private bool _isClosed;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_both is null || _caller != cancellationToken)
        {
            _both?.Dispose();
            (_both, _caller) = (CancellationTokenSource.CreateLinkedTokenSource(_late.Token, cancellationToken), cancellationToken);
        }

        _late.CancelAfter(pauseLimit);
        try
        {
            return await base.ReadAsync(buffer, _both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (_late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No byte of the reply for {pauseLimit.TotalSeconds:0.###} s.", error);
        }
        finally
        {
            if (!_isClosed)
            {
                _late.CancelAfter(Timeout.InfiniteTimeSpan);
            }
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _isClosed = true;
            _both?.Dispose();
            _late.Dispose();
        }

        base.Dispose(disposing);
    }
}
