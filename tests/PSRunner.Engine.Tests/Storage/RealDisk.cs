using System.Diagnostics;
using System.Runtime.InteropServices;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>A file system of its own for one test: a small tmpfs, or ext4 in a file. Only root can have one.</summary>
internal sealed partial class RealDisk : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);
    private readonly TempFolder _folder = new();
    private readonly string? _image;
    private bool _isMounted;

    private RealDisk(string? image)
    {
        MountPoint = Directory.CreateDirectory(Path.Combine(_folder.FullPath, "disk")).FullName;
        _image = image;
    }

    public string MountPoint { get; }

    /// <summary>A disk in memory with so much room.</summary>
    public static RealDisk Tmpfs(string size)
    {
        SkipUnlessRoot();
        var disk = new RealDisk(null);
        disk.Require("mount", "-t", "tmpfs", "-o", $"size={size}", "tmpfs", disk.MountPoint);
        disk._isMounted = true;
        return disk;
    }

    /// <summary>An ext4 of 64 MiB on a loop device.</summary>
    public static RealDisk Ext4()
    {
        SkipUnlessRoot();
        var disk = new RealDisk("ext4.img");
        using (var image = File.Create(disk.Image))
        {
            image.SetLength(64 << 20);
        }

        disk.Require("mkfs.ext4", "-q", "-F", disk.Image);
        disk.Mount();
        return disk;
    }

    private string Image => Path.Combine(_folder.FullPath, _image!);

    /// <summary>Mounts the image (again), which replays the file system's own journal.</summary>
    public void Mount()
    {
        Require("mount", "-o", "loop", Image, MountPoint);
        _isMounted = true;
    }

    /// <summary>Unmounts; what is on the device is all that stays.</summary>
    public void Unmount()
    {
        Assert.Equal("", Run("umount", MountPoint));
        _isMounted = false;
    }

    /// <summary>Stops the file system at once and without writing out its log: what was not forced to the device is lost.</summary>
    public void ShutDown()
    {
        const uint Shutdown = 0x8004587D; // EXT4_IOC_SHUTDOWN, _IOR('X', 125, __u32)
        var withoutLogFlush = 2u;
        using var handle = PosixDisk.OpenExisting(MountPoint, access: 0);
        if (Control(handle, Shutdown, ref withoutLogFlush) != 0)
        {
            Assert.Skip($"This system's ext4 cannot be shut down: {Marshal.GetPInvokeErrorMessage(Marshal.GetLastPInvokeError())}.");
        }
    }

    public void Dispose()
    {
        if (_isMounted)
        {
            Run("umount", "-l", MountPoint);
        }

        _folder.Dispose();
    }

    private static void SkipUnlessRoot()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "File systems are mounted like this on Linux only.");
        Assert.SkipUnless(Environment.IsPrivilegedProcess, "Only root may mount a file system.");
    }

    private void Require(string program, params string[] arguments)
    {
        if (Run(program, arguments) is { Length: > 0 } error)
        {
            Dispose();
            Assert.Skip($"There can be no file system of its own for this test here: {error}");
        }
    }

    /// <summary>Empty when all went well.</summary>
    private static string Run(string program, params string[] arguments)
    {
        try
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true })!;
            if (!process.WaitForExit(Patience))
            {
                process.Kill();
                return $"{program} did not end";
            }

            return process.ExitCode == 0 ? "" : $"{program}: {process.StandardError.ReadToEnd().Trim()} ({process.ExitCode})";
        }
        catch (System.ComponentModel.Win32Exception e)
        {
            return $"{program}: {e.Message}";
        }
    }

    [LibraryImport("libc", EntryPoint = "ioctl", SetLastError = true)]
    private static partial int Control(Microsoft.Win32.SafeHandles.SafeFileHandle file, nuint request, ref uint argument);
}
