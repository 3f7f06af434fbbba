using System.IO.Hashing;

namespace PSRunner.Engine.Storage;

/// <summary>
/// A file of the store as the stream that Parquet.Net writes to. Nothing in it waits for the thread pool, which tests may
/// have starved, so what is built on it may be run to its end on any thread (<see cref="Synchronous"/>).
/// </summary>
/// <param name="file">The file; stays open.</param>
internal sealed class AppendStream(IAppendFile file) : Stream
{
    private readonly byte[] _buffer = new byte[1 << 18];
    private readonly XxHash128 _hash = new();
    private MemoryStream? _tail;
    private int _held;

    public override bool CanRead => false;

    public override bool CanSeek => false;

    public override bool CanWrite => true;

    public override long Length => file.Length + _held + (_tail?.Length ?? 0);

    public override long Position
    {
        get => Length;
        set => throw new NotSupportedException();
    }

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        if (_tail is not null)
        {
            _tail.Write(buffer);
            return;
        }

        if (_held + buffer.Length > _buffer.Length)
        {
            Empty();
        }

        if (buffer.Length > _buffer.Length)
        {
            WriteThrough(buffer);
            return;
        }

        buffer.CopyTo(_buffer.AsSpan(_held));
        _held += buffer.Length;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer, offset, count);
        return Task.CompletedTask;
    }

    /// <summary>From here on nothing goes to the file until <see cref="End"/>.</summary>
    public void HoldTail()
    {
        Empty();
        _tail = new MemoryStream();
    }

    /// <summary>Writes what was held, with the file's hash in its place; forcing the file to the device is its owner's business.</summary>
    /// <param name="mark">What stands before the place of the hash.</param>
    public void End(ReadOnlySpan<byte> mark)
    {
        var tail = _tail!.GetBuffer().AsSpan(0, (int)_tail.Length);
        SelfHash.Fill(_hash, tail, mark);
        file.Write(tail);
    }

    /// <summary>Nothing: the writer flushes more often than is good, and what is held is bounded.</summary>
    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Empty()
    {
        WriteThrough(_buffer.AsSpan(0, _held));
        _held = 0;
    }

    private void WriteThrough(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 0)
        {
            _hash.Append(bytes);
            file.Write(bytes);
        }
    }
}

/// <summary>A file to read whose asynchronous calls are done when they return; see <see cref="AppendStream"/>.</summary>
/// <param name="inner">The file; closed with this.</param>
/// <param name="path">Its path, for messages.</param>
internal sealed class ReadStream(Stream inner, string path) : Stream
{
    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => false;

    public override long Length => inner.Length;

    public override long Position
    {
        get => inner.Position;
        set => inner.Position = value;
    }

    /// <summary>A disk that cannot be read must not look like a file that is damaged.</summary>
    public override int Read(Span<byte> buffer)
    {
        try
        {
            return inner.Read(buffer);
        }
        catch (IOException e)
        {
            throw new StoreException("read", path, e.Message.TrimEnd('.'), inner: e);
        }
    }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default) => new(Read(buffer.Span));

    public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        Task.FromResult(Read(buffer.AsSpan(offset, count)));

    public override long Seek(long offset, SeekOrigin origin) => inner.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Flush()
    {
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            inner.Dispose();
        }

        base.Dispose(disposing);
    }
}

/// <summary>Work that never waits for the thread pool, which tests may have starved.</summary>
internal static class Synchronous
{
    /// <summary>The outcome of a call on the store's own streams, which is there when the call returns.</summary>
    public static T Now<T>(this Task<T> call) => call.GetAwaiter().GetResult();

    /// <inheritdoc cref="Now{T}"/>
    public static void Now(this Task call) => call.GetAwaiter().GetResult();

    /// <summary>Begins work on a thread of its own.</summary>
    public static Task<T> OnOwnThread<T>(Func<T> work) =>
        Task.Factory.StartNew(work, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);

    /// <summary>Waits until work has ended, whatever became of it.</summary>
    public static void Ended(this IAsyncResult work) => work.AsyncWaitHandle.WaitOne();
}
