using System.Buffers.Binary;
using System.IO.Hashing;
using System.Security.Cryptography;
using System.Text;
using Microsoft.Win32.SafeHandles;
using PSRunner.Engine.Observation;

namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>
/// The file in which the processes of one user share the time of one key. It is locked while it is read and written, which
/// takes microseconds; the system gives the lock up with the process. It holds when it was written and until when the
/// time is given away, so a holder that crashed leaves half a second unused and nothing to clean up.
/// </summary>
/// <param name="path">The file; it and its folder are made when they are needed.</param>
/// <param name="time">The clock; its timestamps must be the same in all processes, as those of the system are.</param>
internal sealed class LeaseFile(string path, TimeProvider time)
{
    private const long Magic = 0x3152_5352_4E55_5250; // "PRUNRSR1", the rules of the bytes below
    private const int Length = 32;

    /// <summary>Only a process that was stopped in the middle holds the lock for so long.</summary>
    private static readonly TimeSpan LockLimit = TimeSpan.FromMilliseconds(250);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(1);

    /// <summary>Files of keys that were not used for so long are removed when a new one is made.</summary>
    private static readonly TimeSpan Forgotten = TimeSpan.FromDays(7);

    /// <summary>The file of a key, in the user's state folder.</summary>
    public static LeaseFile Of(EndpointOptions options, TimeProvider time) => new(Path.Combine(UserIndex.StateFolder, "rates", NameOf(options)), time);

    /// <summary>Tells keys apart and tells nothing about them: whoever guesses at a key needs 20,000 rounds a guess.</summary>
    public static string NameOf(EndpointOptions options)
    {
        const int Rounds = 20_000;
        var salt = Encoding.UTF8.GetBytes($"psrunner rates\n{options.Address}\n{options.Model}");
        return Convert.ToHexStringLower(Rfc2898DeriveBytes.Pbkdf2(Encoding.UTF8.GetBytes(options.Key.Value), salt, Rounds, HashAlgorithmName.SHA256, 16));
    }

    /// <summary>Gives the next lease, alone.</summary>
    /// <param name="next">Makes it of the time until which the key's is given away, and the time now.</param>
    /// <exception cref="IOException">The file is locked for too long, or the disk refuses.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be written.</exception>
    public Lease Change(Func<TimeSpan, TimeSpan, Lease> next)
    {
        using var file = Lock();
        var now = time.GetElapsedTime(0);
        Span<byte> bytes = stackalloc byte[Length];
        var length = RandomAccess.Read(file, bytes, 0);
        var lease = next(Read(bytes[..length], now), now);
        Write(bytes, now, lease.Until);
        RandomAccess.Write(file, bytes, 0);
        if (length == 0)
        {
            RemoveForgotten(); // Last: a file that will not go must not keep this one from being written.
        }

        return lease;
    }

    /// <summary>
    /// Until when the time is given away. What is damaged, or was written later than now and so by another run of the
    /// machine, is read as if another process had just taken the longest lease.
    /// </summary>
    private static TimeSpan Read(ReadOnlySpan<byte> bytes, TimeSpan now)
    {
        if (bytes.Length == 0)
        {
            return TimeSpan.Zero;
        }

        var isWhole = bytes.Length == Length
            && BinaryPrimitives.ReadInt64LittleEndian(bytes) == Magic
            && BinaryPrimitives.ReadUInt64LittleEndian(bytes[24..]) == XxHash64.HashToUInt64(bytes[..24]);
        return isWhole && Time(bytes[8..]) <= now ? Time(bytes[16..]) : now + TimeSpan.FromSeconds(LeaseAsk.Seconds);

        static TimeSpan Time(ReadOnlySpan<byte> at) => new(BinaryPrimitives.ReadInt64LittleEndian(at));
    }

    private static void Write(Span<byte> bytes, TimeSpan now, TimeSpan given)
    {
        BinaryPrimitives.WriteInt64LittleEndian(bytes, Magic);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], now.Ticks);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[16..], given.Ticks);
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[24..], XxHash64.HashToUInt64(bytes[..24]));
    }

    private SafeFileHandle Lock()
    {
        var began = TimeProvider.System.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (DirectoryNotFoundException) when (TimeProvider.System.GetElapsedTime(began) < LockLimit)
            {
                Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            }
            catch (IOException e) when (IsHeld(e) && TimeProvider.System.GetElapsedTime(began) < LockLimit)
            {
                pause.Wait(LockPause);
            }
        }
    }

    private static bool IsHeld(IOException error)
    {
        const int WouldBlockOnLinux = 11;
        const int WouldBlockOnMac = 35;
        const int SharingViolation = unchecked((int)0x80070020);
        return error.HResult is WouldBlockOnLinux or WouldBlockOnMac or SharingViolation;
    }

    private void RemoveForgotten()
    {
        var before = time.GetUtcNow().UtcDateTime - Forgotten;
        foreach (var other in new DirectoryInfo(Path.GetDirectoryName(path)!).EnumerateFiles())
        {
            if (other.LastWriteTimeUtc < before)
            {
                other.Delete();
            }
        }
    }
}
