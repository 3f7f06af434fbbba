using System.Diagnostics;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

public sealed class OwnerLockTests : IDisposable
{
    private readonly TempFolder _temp = new();
    private readonly RunFolder _folder;

    public OwnerLockTests()
    {
        _folder = new RunFolder(Path.Combine(_temp.FullPath, "batch"));
        _folder.Create(DiskFiles.Instance);
    }

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_second_owner_is_refused_by_the_first_ones_name_and_may_follow_it()
    {
        using (OwnerLock.Take(DiskFiles.Instance, _folder, 1))
        {
            var error = Assert.Throws<TestBatchException>(() => OwnerLock.Take(DiskFiles.Instance, _folder, 2));
            Assert.Equal(("BatchIsRunning", ErrorKind.Busy), (error.ErrorId, error.Kind));
            Assert.Contains($"process {Environment.ProcessId} on {Environment.MachineName}", error.Message, StringComparison.Ordinal);
            Assert.Equal(OwnerState.Alive, OwnerInfo.Read(DiskFiles.Instance, _folder)!.Judge(_folder));
        }

        using var next = OwnerLock.Take(DiskFiles.Instance, _folder, 2);
        Assert.Equal(2, OwnerInfo.Read(DiskFiles.Instance, _folder)!.Session);
    }

    [Fact]
    public void An_owner_is_judged_by_process_start_and_machine()
    {
        var me = OwnerInfo.Current(_folder, 1);
        Assert.Equal(OwnerState.Alive, me.Judge(_folder));
        Assert.Equal(OwnerState.Gone, (me with { ProcessStart = "1" }).Judge(_folder));
        Assert.Equal(OwnerState.Gone, (me with { BootId = "earlier" }).Judge(_folder));
        Assert.Equal(OwnerState.Elsewhere, (me with { Host = "another" }).Judge(_folder));
        using var ended = Process.Start(new ProcessStartInfo("dotnet", "--version") { RedirectStandardOutput = true })!;
        Assert.True(ended.WaitForExit(TimeSpan.FromSeconds(60)));
        Assert.Equal(OwnerState.Gone, (me with { ProcessId = ended.Id }).Judge(_folder));
    }

    [Fact]
    public void Nobody_owns_a_folder_without_or_with_a_foreign_owner_file()
    {
        Assert.Null(OwnerInfo.Read(DiskFiles.Instance, _folder));
        File.WriteAllText(_folder.OwnerFile, "{ half");
        Assert.Null(OwnerInfo.Read(DiskFiles.Instance, _folder));
    }

    [Fact]
    public void An_owner_whose_folder_was_replaced_or_deleted_notices()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Windows does not let go of an open file.");
        using var owner = OwnerLock.Take(DiskFiles.Instance, _folder, 1);
        owner.Verify();
        Directory.Move(_folder.FullPath, _folder.FullPath + "-moved");
        Assert.Throws<RunFolderLostException>(owner.Verify);
        Directory.CreateDirectory(_folder.FullPath);
        using (OwnerLock.Take(DiskFiles.Instance, _folder, 1))
        {
            Assert.Throws<RunFolderLostException>(owner.Verify);
        }
    }
}
