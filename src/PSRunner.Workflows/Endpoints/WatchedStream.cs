namespace PSRunner.Workflows.Endpoints;

/// <summary>A reply's bytes, read one read at a time; a read that brings none within the limit fails.</summary>
internal sealed class WatchedStream(Stream inner, TimeSpan pauseLimit, TimeProvider time) : WrappedStream(inner)
{
    // One for all reads: a reply in pieces has hundreds.
    private readonly CancellationTokenSource _late = new(Timeout.InfiniteTimeSpan, time);
    private CancellationTokenRegistration _callers;
    private CancellationToken _caller;
    private bool _isClosed;

    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        if (_caller != cancellationToken)
        {
            _callers.Dispose();
            (_callers, _caller) = (cancellationToken.UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), _late), cancellationToken);
        }

        // What has come already waits for nothing: most pieces of a reply come together.
        var reading = base.ReadAsync(buffer, _late.Token);
        if (reading.IsCompletedSuccessfully)
        {
            return reading.Result;
        }

        _late.CancelAfter(pauseLimit);
        try
        {
            return await reading.ConfigureAwait(false);
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
            _callers.Dispose();
            _late.Dispose();
        }

        base.Dispose(disposing);
    }
}
