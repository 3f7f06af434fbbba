using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace PSRunner.Engine.Storage;

/// <summary>
/// Makes this process the one owner of a run folder, for as long as it lives or until disposed. The system gives the lock
/// up with the process, whatever kills it; the file stays for ever, because deleting a locked file makes two owners.
/// </summary>
internal sealed partial class OwnerLock : IDisposable
{
    private readonly SafeFileHandle _handle;
    private readonly string _path;
    private readonly IStoreFiles _files;
    private readonly RunFolder _folder;

    private OwnerLock(SafeFileHandle handle, IStoreFiles files, RunFolder folder)
    {
        _handle = handle;
        _path = folder.OwnerLockFile;
        _files = files;
        _folder = folder;
    }

    /// <summary>Takes the folder for this process and says so in owner.json.</summary>
    /// <param name="files">The disk.</param>
    /// <param name="folder">The run folder, which exists.</param>
    /// <param name="session">The session that begins.</param>
    /// <exception cref="TestBatchException"><c>BatchIsRunning</c>: another process, or this one, owns it.</exception>
    /// <exception cref="StoreException">The file could not be made or locked for another reason.</exception>
    public static OwnerLock Take(IStoreFiles files, RunFolder folder, int session)
    {
        var path = folder.OwnerLockFile;
        var handle = (OperatingSystem.IsWindows() ? LockOnWindows(path) : LockOnPosix(path)) ?? throw Running(files, folder);
        var ownerLock = new OwnerLock(handle, files, folder);
        try
        {
            ownerLock.Verify();
            OwnerInfo.Current(folder, session).Write(files, folder);
            return ownerLock;
        }
        catch
        {
            ownerLock.Dispose();
            throw;
        }
    }

    /// <summary>
    /// Throws when the path no longer is the file that was locked: somebody deleted or replaced the run folder, and may
    /// own what is there now. The owner asks before it creates or renames a file, and before it says that a result is saved.
    /// </summary>
    /// <exception cref="RunFolderLostException">It is another file, or none.</exception>
    /// <exception cref="StoreException">The disk did not say.</exception>
    public void Verify()
    {
        // Windows moves or deletes neither an open file nor the folders above it.
        if (!OperatingSystem.IsWindows() && !IsWhereItWas())
        {
            throw new RunFolderLostException(_folder.FullPath);
        }
    }

    private bool IsWhereItWas()
    {
        try
        {
            return FileIdentity.Of(_handle, _path) == FileIdentity.Of(_path);
        }
        catch (StoreException e) when (e.Code is "ENOENT" or "ENOTDIR")
        {
            return false;
        }
    }

    /// <summary>Gives the folder up: no process is named as its owner any more, whatever its status says.</summary>
    public void Dispose()
    {
        if (_handle.IsClosed)
        {
            return;
        }

        try
        {
            Verify();
            _files.Delete(_folder.OwnerFile);
        }
        catch (IOException)
        {
            // The folder is another's by now, or the disk refuses; then the name stays and is judged by its process.
        }

        _handle.Dispose();
    }

    /// <summary>The refusal of who wants what another process owns.</summary>
    public static TestBatchException Running(IStoreFiles files, RunFolder folder)
    {
        var owner = OwnerInfo.Read(files, folder);
        var who = owner is null ? "another process" : $"process {owner.ProcessId} on {owner.Host}";
        return new TestBatchException(
            "BatchIsRunning",
            ErrorKind.Busy,
            $"Batch '{folder.Id}' is worked on by {who}. Stop it there, with Stop-TestBatch '{folder.Id}', or wait for its end.",
            folder.FullPath);
    }

    private static SafeFileHandle? LockOnPosix(string path)
    {
        const int ReadWrite = 2;
        const int Exclusive = 2;
        const int DoNotWait = 4;
        const int Interrupted = 4;
        const int WouldBlockOnLinux = 11;
        const int WouldBlockOnMac = 35;

        if (!File.Exists(path))
        {
            // Not .NET's open: it takes a lock of its own on the file.
            const int OwnerMayWrite = 0x1A4; // rw-r--r--
            using var created = new SafeFileHandle(Creat(path, OwnerMayWrite), ownsHandle: true);
            if (created.IsInvalid)
            {
                throw PosixDisk.Refused("create", path);
            }
        }

        var handle = PosixDisk.OpenExisting(path, ReadWrite);
        while (FLock(handle, Exclusive | DoNotWait) != 0)
        {
            var error = Marshal.GetLastPInvokeError();
            if (error == Interrupted)
            {
                continue;
            }

            var refused = PosixDisk.Refused("lock", path);
            handle.Dispose();
            return error is WouldBlockOnLinux or WouldBlockOnMac ? null : throw refused;
        }

        return handle;
    }

    /// <summary>A file opened for one alone is a lock there, as strong as LockFileEx and shorter.</summary>
    private static SafeFileHandle? LockOnWindows(string path)
    {
        const int SharingViolation = unchecked((int)0x80070020);
        try
        {
            return File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException e) when (e.HResult == SharingViolation)
        {
            return null;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StoreException("lock", path, e.Message.TrimEnd('.'), inner: e);
        }
    }

    [LibraryImport("libc", EntryPoint = "creat", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Creat(string path, uint mode);

    [LibraryImport("libc", EntryPoint = "flock", SetLastError = true)]
    private static partial int FLock(SafeFileHandle file, int operation);
}
