using System.Buffers;
using System.Text;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// Sees every answer before the client library does: what is no reply of a model becomes a <see cref="RefusedAnswer"/>
/// with its cause, because the library would make one kind of exception, or an empty reply, of most of them.
/// </summary>
internal sealed class AnswerHandler(EndpointOptions options, TimeProvider time, Action<Rates.Headroom> observe) : DelegatingHandler
{
    /// <summary>A reply that is longer is no reply.</summary>
    private const int MaxBytes = 16 * 1024 * 1024;

    /// <inheritdoc/>
    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var pending = PendingRequest.Current;
        var pause = pending?.PauseLimit(options.PauseLimit) ?? options.PauseLimit;
        var response = await FirstByteAsync(request, pause, cancellationToken).ConfigureAwait(false);
        var now = response.Headers.Date ?? time.GetUtcNow(); // Dates of the provider are read by its own clock.
        string? Header(string name) => response.Headers.TryGetValues(name, out var values) ? values.FirstOrDefault() : null;
        foreach (var headroom in RetryHints.Headrooms(Header, now))
        {
            observe(headroom);
        }

        var body = new WatchedStream(await response.Content.ReadAsStreamAsync(cancellationToken).ConfigureAwait(false), pause, time);
        if (response.IsSuccessStatusCode && response.Content.Headers.ContentType?.MediaType == "text/event-stream")
        {
            Replace(response, new StreamContent(new EventStream(body, text => HttpFaults.OfAnswer(response.StatusCode, Header, text, now, options.Key.Redact))));
            return response;
        }

        var bytes = await ReadAsync(body, cancellationToken).ConfigureAwait(false);
        var text = Encoding.UTF8.GetString(bytes);
        if (!response.IsSuccessStatusCode || !ErrorBody.IsCompletion(text))
        {
            var fault = HttpFaults.OfAnswer(response.StatusCode, Header, text, now, options.Key.Redact);
            response.Dispose();
            throw new RefusedAnswer(fault);
        }

        if (pending is { InPieces: true })
        {
            response.Dispose();
            throw new RefusedAnswer(new HttpFault(Causes.GarbageReply, "The reply came whole although it was asked for in pieces. Set-TestEndpoint -NoStreaming asks for whole ones."));
        }

        Replace(response, new ByteArrayContent(bytes));
        return response;
    }

    private async Task<HttpResponseMessage> FirstByteAsync(HttpRequestMessage request, TimeSpan limit, CancellationToken cancellationToken)
    {
        using var late = new CancellationTokenSource(limit, time);
        using var caller = cancellationToken.UnsafeRegister(static late => ((CancellationTokenSource)late!).Cancel(), late);
        try
        {
            return await base.SendAsync(request, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException error) when (late.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            throw new RefusedAnswer(new HttpFault(Causes.NoReply, $"No answer began within {limit.TotalSeconds:0.###} s."), error);
        }
        catch (OperationCanceledException error) when (error.InnerException is TimeoutException && !late.IsCancellationRequested)
        {
            // The sockets' own limit: nothing was sent yet.
            throw new RefusedAnswer(new HttpFault(Causes.Connection, $"No connection within {options.ConnectLimit.TotalSeconds:0.###} s."), error);
        }
    }

    private static async Task<byte[]> ReadAsync(Stream body, CancellationToken cancellationToken)
    {
        using var whole = new MemoryStream();
        var buffer = ArrayPool<byte>.Shared.Rent(16_384);
        try
        {
            int read;
            while ((read = await body.ReadAsync(buffer, cancellationToken).ConfigureAwait(false)) > 0)
            {
                if (whole.Length + read > MaxBytes)
                {
                    throw new RefusedAnswer(new HttpFault(Causes.GarbageReply, $"The reply is longer than {MaxBytes} bytes."));
                }

                whole.Write(buffer, 0, read);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(buffer);
        }

        return whole.ToArray();
    }

    private static void Replace(HttpResponseMessage response, HttpContent content)
    {
        foreach (var (name, values) in response.Content.Headers.Where(h => h.Key != "Content-Length"))
        {
            content.Headers.TryAddWithoutValidation(name, values);
        }

        response.Content = content;
    }
}

/// <summary>An answer that is no reply of a model.</summary>
internal sealed class RefusedAnswer(HttpFault fault, Exception? inner = null) : Exception(fault.Message, inner)
{
    /// <summary>What it means.</summary>
    public HttpFault Fault { get; } = fault;
}
