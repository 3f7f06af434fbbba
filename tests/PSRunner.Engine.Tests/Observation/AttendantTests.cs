using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;
using PSRunner.Engine.Tests.Storage;

namespace PSRunner.Engine.Tests.Observation;

public sealed class AttendantTests : IDisposable, IAttended
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly TempFolder _temp = new();
    private readonly RunFolder _folder;
    private readonly object _gate = new();
    private readonly List<string> _notes = [];
    private readonly List<string> _obeyed = [];
    private int _beats;

    public AttendantTests()
    {
        _folder = new RunFolder(Path.Combine(_temp.FullPath, "batch"));
        Directory.CreateDirectory(_folder.ControlFolder);
    }

    public void Dispose() => _temp.Dispose();

    [Fact]
    public void A_trouble_that_lasts_is_told_once_and_not_four_times_a_second()
    {
        var files = new MemoryFiles { Before = (_, _) => throw new IOException("No space left on device") };
        using var attendant = new Attendant(_folder, files, this, static () => { });
        attendant.Start();
        WaitFor(() => _beats == 5);

        Assert.Contains("No space left on device", Assert.Single(_notes), StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_that_does_not_answer_does_not_hold_up_the_end_of_the_batch()
    {
        using var answers = new ManualResetEventSlim();
        var files = new MemoryFiles { Before = (_, _) => answers.Wait(Patience) };
        using var attendant = new Attendant(_folder, files, this, static () => { });
        attendant.Start();
        WaitFor(() => !files.Log.IsEmpty);

        attendant.Close(new TestProgress { State = BatchStates.Stopped }, TimeSpan.FromSeconds(30));
        Assert.False(answers.IsSet);
        Assert.Contains("status.json may be old", Assert.Single(_notes), StringComparison.Ordinal);

        // And when it does answer, the last word is the last status.
        answers.Set();
        attendant.Dispose();
        Assert.Contains(BatchStates.Stopped, System.Text.Encoding.UTF8.GetString(files.Read(_folder.StatusFile)), StringComparison.Ordinal);
    }

    [Fact]
    public void A_command_that_cannot_be_read_does_not_stand_before_the_others()
    {
        File.CreateSymbolicLink(Path.Combine(_folder.ControlFolder, "0.json"), Path.Combine(_temp.FullPath, "nowhere"));
        ControlFolder.Send(_folder.ControlFolder, new ControlCommand { Id = "1", Command = "stop" }, DateTimeOffset.UnixEpoch);
        using var attendant = new Attendant(_folder, new MemoryFiles(), this, static () => { });
        attendant.Start();
        WaitFor(() => _beats == 2);

        Assert.Equal(["stop"], _obeyed);
        Assert.StartsWith("control/0.json is no command", Assert.Single(_notes), StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.ControlFolder));
    }

    [Fact]
    public void In_a_folder_that_is_no_longer_its_own_nothing_is_read_or_written()
    {
        var files = new MemoryFiles();
        ControlFolder.Send(_folder.ControlFolder, new ControlCommand { Id = "1", Command = "stop" }, DateTimeOffset.UnixEpoch);
        using var attendant = new Attendant(_folder, files, this, () => throw new RunFolderLostException(_folder.FullPath));
        attendant.Start();
        WaitFor(() => _beats == 2);
        attendant.Close(new TestProgress { State = BatchStates.Stopped }, TimeSpan.FromSeconds(30));

        Assert.Empty(files.Log);
        Assert.Empty(_obeyed);
        Assert.Single(Directory.GetFiles(_folder.ControlFolder));
        Assert.Contains("was deleted, moved or replaced", Assert.Single(_notes), StringComparison.Ordinal);
    }

    TestProgress IAttended.GetProgress() => new() { State = BatchStates.Running };

    void IAttended.Obey(ControlCommand command) => Change(() => _obeyed.Add(command.Command));

    void IAttended.Beat() => Change(() => _beats++);

    void IAttended.Note(string text) => Change(() => _notes.Add(text));

    private void Change(Action change)
    {
        lock (_gate)
        {
            change();
            Monitor.PulseAll(_gate);
        }
    }

    private void WaitFor(Func<bool> condition)
    {
        lock (_gate)
        {
            while (!condition())
            {
                // The disk pulses nobody: look again soon.
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(20));
            }
        }
    }
}
