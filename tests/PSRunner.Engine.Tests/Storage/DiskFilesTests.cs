using System.Text;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

public sealed class DiskFilesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly DiskFiles _files = DiskFiles.Instance;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void What_is_appended_flushed_renamed_and_replaced_is_what_is_read()
    {
        var path = In("a.jsonl");
        using (var file = _files.Create(path))
        {
            file.Write("one\n"u8);
            file.Flush();
            file.Write("two\n"u8);
            file.Flush();
            Assert.Equal(8, file.Length);
            Assert.Equal("one\ntwo\n", Read(path)); // While it is open.
        }

        _files.FlushFile(path);
        _files.FlushFolder(_folder.FullPath);
        _files.Rename(path, In("b.jsonl"));
        Assert.Equal(["b.jsonl"], _files.List(_folder.FullPath));
        _files.Replace(In("b.jsonl"), "three"u8);
        _files.Replace(In("b.jsonl"), "four"u8);
        Assert.Equal("four", Read(In("b.jsonl")));
        _files.Delete(In("b.jsonl"));
        _files.Delete(In("b.jsonl"));
        Assert.Empty(_files.List(_folder.FullPath));
        Assert.Empty(_files.List(In("no such folder")));
        Assert.Null(_files.TryOpenRead(path));
        Assert.Null(_files.TryOpenRead(Path.Combine(path, "deeper")));
    }

    [Fact]
    public void A_file_that_is_there_is_not_created_again()
    {
        _files.Create(In("a")).Dispose();
        Assert.Throws<StoreException>(() => _files.Create(In("a")));
    }

    [Fact]
    public void A_refusal_names_the_action_the_file_and_the_reason()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "The names of errors are those of Linux and macOS.");
        var error = Assert.Throws<StoreException>(() => _files.Rename(In("none"), In("other")));
        Assert.Equal("ENOENT", error.Code);
        Assert.StartsWith($"Could not rename '{In("none")}': ", error.Message, StringComparison.Ordinal);
        Assert.Equal("ENOENT", Assert.Throws<StoreException>(() => _files.FlushFolder(In("none"))).Code);
    }

    [Fact]
    public void A_full_disk_is_told_by_name()
    {
        Assert.SkipUnless(File.Exists("/dev/full"), "There is no /dev/full here.");
        using var handle = File.OpenHandle("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        Assert.Equal("ENOSPC", Assert.Throws<StoreException>(() => DiskCalls.Write(handle, "/dev/full", "x"u8, 0)).Code);
    }

    [Fact]
    public void A_file_that_cannot_be_flushed_says_so()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "Linux refuses to flush a pipe; .NET's own flush would hide it.");
        using var pipe = new System.IO.Pipes.AnonymousPipeServerStream(System.IO.Pipes.PipeDirection.Out);
        using var handle = new Microsoft.Win32.SafeHandles.SafeFileHandle(pipe.SafePipeHandle.DangerousGetHandle(), ownsHandle: false);
        Assert.Equal("EINVAL", Assert.Throws<StoreException>(() => DiskCalls.Flush(handle, "pipe")).Code);
    }

    [Fact]
    public void A_run_folder_is_made_with_all_its_folders_and_only_its_owner_commands_it()
    {
        var folder = new RunFolder(Path.Combine(_folder.FullPath, "nightly"));
        folder.Create(_files);
        Assert.True(Directory.Exists(folder.JournalFolder) && Directory.Exists(folder.ResultsFolder) && Directory.Exists(folder.AttemptsFolder));
        if (!OperatingSystem.IsWindows())
        {
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute, File.GetUnixFileMode(folder.ControlFolder));
        }

        Assert.Equal(12, RunFolder.NumberOf(Path.GetFileName(folder.JournalFile(12))));
        Assert.Equal(1_234_567, RunFolder.NumberOf(Path.GetFileName(folder.PartFile(1_234_567))));
        Assert.Equal(0, RunFolder.NumberOf("part-000001.parquet.tmp"));
        Assert.Equal(0, RunFolder.NumberOf("notes.jsonl"));
    }

    private string In(string name) => Path.Combine(_folder.FullPath, name);

    private string Read(string path)
    {
        using var stream = _files.OpenRead(path);
        using var reader = new StreamReader(stream, Encoding.UTF8);
        return reader.ReadToEnd();
    }
}
