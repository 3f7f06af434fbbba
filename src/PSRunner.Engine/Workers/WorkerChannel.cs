using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using System.IO.Pipes;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Processes.Unix;

namespace PSRunner.Engine.Workers;

/// <summary>What runner and worker say to each other.</summary>
internal enum WorkerMessage : byte
{
    /// <summary>Runner, first: what to prepare.</summary>
    SetUp = 1,

    /// <summary>Worker: it is prepared, and holds so many bytes of memory.</summary>
    Ready,

    /// <summary>Worker: it could not be prepared, and why.</summary>
    Failed,

    /// <summary>Runner: a text that the cases after it name by its hash (the first 32 bytes).</summary>
    Shared,

    /// <summary>Runner: run this.</summary>
    Case,

    /// <summary>Runner: end what runs.</summary>
    Stop,

    /// <summary>Worker: the test wrote this.</summary>
    Output,

    /// <summary>Worker: the test did this.</summary>
    Progress,

    /// <summary>Worker: a part of the test was found or ended.</summary>
    Step,

    /// <summary>Worker: the case ended.</summary>
    Report,
}

/// <summary>
/// Frames over two pipes that are not the standard streams, which tests use: four bytes of length, one of kind, the payload.
/// Text is UTF-8. Any thread may send, one thread reads.
/// </summary>
internal sealed class WorkerChannel(Stream input, Stream output) : IDisposable
{
    private const int HeadLength = 5;
    private const int LongestFrame = 64 << 20;

    private readonly BufferedStream _input = new(input, 16 * 1024);
    private readonly Lock _lock = new();
    private byte[] _buffer = new byte[4096];

    /// <summary>The worker's end, from the handles that its runner gave it. What the worker starts does not get them.</summary>
    /// <exception cref="InvalidOperationException">No runner started this process.</exception>
    public static WorkerChannel FromRunner()
    {
        var numbers = Environment.GetEnvironmentVariable(ProcessTrees.HandlesVariable)?.Split(',');
        if (numbers is not [var input, var output])
        {
            throw new InvalidOperationException("This is the entry of PSRunner's worker processes; Start-TestBatch starts them.");
        }

        Environment.SetEnvironmentVariable(ProcessTrees.HandlesVariable, null);
        WorkerEnvironment.Leave();
        if (!OperatingSystem.IsWindows())
        {
            foreach (var number in numbers)
            {
                _ = Libc.IoControl(int.Parse(number, System.Globalization.CultureInfo.InvariantCulture), Libc.FIOCLEX);
            }
        }

        return new WorkerChannel(new AnonymousPipeClientStream(PipeDirection.In, input), new AnonymousPipeClientStream(PipeDirection.Out, output));
    }

    /// <summary>Sends a frame. Blocks while the other side does not read and the pipe is full.</summary>
    /// <exception cref="IOException">The other side is gone.</exception>
    public void Send(WorkerMessage kind, ReadOnlySpan<byte> payload)
    {
        lock (_lock)
        {
            Write(kind, payload);
        }
    }

    /// <summary>Sends a frame without payload unless another is just being sent; false then, and when the other side is gone.</summary>
    public bool TrySend(WorkerMessage kind)
    {
        if (!_lock.TryEnter())
        {
            return false;
        }

        try
        {
            Write(kind, []);
            return true;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return false;
        }
        finally
        {
            _lock.Exit();
        }
    }

    /// <summary>Waits for the next frame; false when the other side is gone or does not speak this language.</summary>
    public bool TryRead(out WorkerMessage kind, [NotNullWhen(true)] out byte[]? payload)
    {
        (kind, payload) = (default, null);
        try
        {
            Span<byte> head = stackalloc byte[HeadLength];
            if (_input.ReadAtLeast(head, HeadLength, throwOnEndOfStream: false) < HeadLength)
            {
                return false;
            }

            var length = BinaryPrimitives.ReadInt32LittleEndian(head);
            if (length is < 0 or > LongestFrame)
            {
                return false;
            }

            var bytes = new byte[length];
            (kind, payload) = ((WorkerMessage)head[4], bytes);
            return _input.ReadAtLeast(bytes, length, throwOnEndOfStream: false) == length;
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            return false;
        }
    }

    /// <summary>Closes both pipes. A read that blocks keeps its pipe open until the other side ends.</summary>
    public void Dispose()
    {
        input.Dispose();
        output.Dispose();
    }

    // One write for the whole frame: the reader wakes once.
    private void Write(WorkerMessage kind, ReadOnlySpan<byte> payload)
    {
        var length = HeadLength + payload.Length;
        var frame = length <= _buffer.Length ? _buffer : new byte[length];
        BinaryPrimitives.WriteInt32LittleEndian(frame, payload.Length);
        frame[4] = (byte)kind;
        payload.CopyTo(frame.AsSpan(HeadLength));
        output.Write(frame, 0, length);
        output.Flush();
    }
}
