using System.Net.Sockets;
using System.Text;

namespace PSRunner.ModelServer;

/// <summary>A connection that sends answers as they are, or as a fault of the transport would have them.</summary>
internal sealed class FaultyConnection(Socket socket, ServerOptions options) : IDisposable
{
    public NetworkStream Stream { get; } = new(socket, ownsSocket: true);

    /// <summary>Sends an answer.</summary>
    /// <returns>True while the connection can be used again.</returns>
    public async Task<bool> SendAsync(HttpAnswer answer, Fault? fault, CancellationToken cancellation)
    {
        switch (fault)
        {
            case Fault.NeverAnswer:
                await ClientGoneAsync(cancellation).ConfigureAwait(false);
                return false;
            case Fault.Reset:
                socket.LingerState = new LingerOption(enable: true, seconds: 0);
                return false;
            case Fault.CloseInTheMiddle:
                byte[] body = [.. answer.Wire().SelectMany(p => p)];
                await Stream.WriteAsync(answer.Head(), cancellation).ConfigureAwait(false);
                await Stream.WriteAsync(body.AsMemory(0, body.Length / 2), cancellation).ConfigureAwait(false);
                return false;
            case Fault.WrongContentLength:
                var whole = answer with { IsChunked = false, LengthError = 1000 };
                await Stream.WriteAsync(whole.Head(), cancellation).ConfigureAwait(false);
                await PiecesAsync(whole, TimeSpan.Zero, cancellation).ConfigureAwait(false);
                return false;
            case Fault.NeverEnds:
                // Piece after piece without the last, or a body that is all white space.
                var endless = answer.IsChunked ? answer with { Pieces = [answer.Pieces[1]] } : answer with { Pieces = [new string(' ', 1000).Select(c => (byte)c).ToArray()], IsChunked = true };
                var piece = endless.Wire().First();
                await Stream.WriteAsync(endless.Head(), cancellation).ConfigureAwait(false);
                byte[] many = [.. Enumerable.Repeat(piece, 100).SelectMany(p => p)];
                while (true)
                {
                    await Stream.WriteAsync(many, cancellation).ConfigureAwait(false);
                }

            case Fault.SlowHeaders:
                foreach (var line in Encoding.ASCII.GetString(answer.Head()).Split('\n'))
                {
                    await Stream.WriteAsync(Encoding.ASCII.GetBytes(line + (line.Length > 0 ? "\n" : "")), cancellation).ConfigureAwait(false);
                    await Task.Delay(options.SlowStep, options.Time, cancellation).ConfigureAwait(false);
                }

                await PiecesAsync(answer, TimeSpan.Zero, cancellation).ConfigureAwait(false);
                return true;
            case Fault.OneByteASecond:
                await Stream.WriteAsync(answer.Head(), cancellation).ConfigureAwait(false);
                foreach (var one in answer.Wire().SelectMany(p => p))
                {
                    await Stream.WriteAsync(new[] { one }, cancellation).ConfigureAwait(false);
                    await Task.Delay(options.SlowStep, options.Time, cancellation).ConfigureAwait(false);
                }

                return true;
            default:
                await SendPlainlyAsync(answer, cancellation).ConfigureAwait(false);
                return true;
        }
    }

    public void Dispose() => Stream.Dispose();

    private async Task SendPlainlyAsync(HttpAnswer answer, CancellationToken cancellation)
    {
        if (answer.Pieces.Count > 1 && options.PieceDelay > TimeSpan.Zero)
        {
            await Stream.WriteAsync(answer.Head(), cancellation).ConfigureAwait(false);
            await PiecesAsync(answer, options.PieceDelay, cancellation).ConfigureAwait(false);
            return;
        }

        // One write: a thousand conversations at once should measure the client, not this server's system calls.
        await Stream.WriteAsync((byte[])[.. answer.Head(), .. answer.Wire().SelectMany(p => p)], cancellation).ConfigureAwait(false);
    }

    private async Task PiecesAsync(HttpAnswer answer, TimeSpan pause, CancellationToken cancellation)
    {
        foreach (var piece in answer.Wire())
        {
            await Stream.WriteAsync(piece, cancellation).ConfigureAwait(false);
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, options.Time, cancellation).ConfigureAwait(false);
            }
        }
    }

    private async Task ClientGoneAsync(CancellationToken cancellation)
    {
        var ignored = new byte[1024];
        while (await Stream.ReadAsync(ignored, cancellation).ConfigureAwait(false) > 0)
        {
        }
    }
}
