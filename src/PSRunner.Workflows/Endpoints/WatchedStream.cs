namespace PSRunner.Workflows.Endpoints;

/// <summary>A reply's bytes; a read that brings none within the limit fails.</summary>
internal sealed class WatchedStream(Stream inner, TimeSpan pauseLimit, TimeProvider time) : WrappedStream(inner)
{
    /// <inheritdoc/>
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        using var late = new CancellationTokenSource(pauseLimit, time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(late.Token, cancellationToken);
        try
        {
            return await base.ReadAsync(buffer, both.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException($"No byte of the reply for {pauseLimit.TotalSeconds:0.###} s.", error);
        }
    }
}
