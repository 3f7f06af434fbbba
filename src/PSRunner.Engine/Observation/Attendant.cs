using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Observation;

/// <summary>What the attendant needs of the batch it attends to. Every member returns at once.</summary>
internal interface IAttended
{
    /// <summary>The live figures.</summary>
    TestProgress GetProgress();

    /// <summary>Carries out a command from another shell.</summary>
    void Obey(ControlCommand command);

    /// <summary>Called four times a second, for what is due by the clock.</summary>
    void Beat();

    /// <summary>Tells the user of something that needs no action of the engine.</summary>
    void Note(string text);
}

/// <summary>
/// The third thread of a batch, on which no test code ever runs: four times a second it reads the commands in control/ and
/// writes status.json. A full disk does not stop it, and it never stops the batch.
/// </summary>
internal sealed class Attendant : IDisposable
{
    private const int MostAcknowledged = 32;
    private static readonly TimeSpan Beat = TimeSpan.FromMilliseconds(250);

    // A command that was handed on is carried out a moment later; whoever sent it waits to see that.
    private static readonly TimeSpan Soon = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan JoinLimit = TimeSpan.FromSeconds(5);

    private readonly RunFolder _folder;
    private readonly IStoreFiles _files;
    private readonly IAttended _batch;
    private readonly Action _verifyOwner;
    private readonly Queue<string> _acknowledged = new();
    private readonly ManualResetEventSlim _stopping = new();
    private readonly Thread _thread;
    private TestProgress? _last;
    private string? _told;
    private bool _obeyed;
    private string? _trouble;

    /// <param name="folder">The run folder.</param>
    /// <param name="files">The disk.</param>
    /// <param name="batch">Whom it attends to.</param>
    /// <param name="verifyOwner">Asked before anything in the folder is touched: <see cref="OwnerLock.Verify"/>.</param>
    public Attendant(RunFolder folder, IStoreFiles files, IAttended batch, Action verifyOwner)
    {
        _folder = folder;
        _files = files;
        _batch = batch;
        _verifyOwner = verifyOwner;
        _thread = new Thread(Run) { IsBackground = true, Name = "PSRunner attendant" };
    }

    /// <summary>Starts the thread; the first status is written at once.</summary>
    public void Start() => _thread.Start();

    /// <summary>Lets the thread write the last status and end. A disk that does not answer holds up nobody but that thread.</summary>
    /// <param name="last">The last status.</param>
    /// <param name="limit">How long it may take.</param>
    public void Close(TestProgress last, TimeSpan limit)
    {
        _last = last;
        End(limit < JoinLimit ? limit : JoinLimit);
    }

    /// <inheritdoc/>
    public void Dispose() => End(JoinLimit);

    private void End(TimeSpan limit)
    {
        _stopping.Set();
        if (_thread.IsAlive && !_thread.Join(limit))
        {
            _batch.Note($"The status of the batch was not written for {limit.TotalSeconds:0.#} s; status.json may be old.");
        }
    }

    private void Run()
    {
        do
        {
            _trouble = null;
            Try(ReadCommands);
            Try(_batch.Beat);
            Try(() => WriteStatus(_batch.GetProgress(), durable: false));
            TellOfTrouble();
            ShowLife();
        }
        while (!_stopping.Wait(_obeyed ? Soon : Beat));

        if (_last is { } last)
        {
            Try(() => WriteStatus(last, durable: true));
            TellOfTrouble();
        }
    }

    private void WriteStatus(TestProgress progress, bool durable)
    {
        _verifyOwner();
        _files.Replace(_folder.StatusFile, Document(progress), durable);
    }

    private void ReadCommands()
    {
        _obeyed = false;
        _verifyOwner();
        foreach (var command in ControlFolder.Take(_folder.ControlFolder, (file, why) => _batch.Note($"control/{file} is no command: {why}")))
        {
            _batch.Obey(command);
            _obeyed = true;
            _acknowledged.Enqueue(command.Id);
            if (_acknowledged.Count > MostAcknowledged)
            {
                _acknowledged.Dequeue();
            }
        }
    }

    private byte[] Document(TestProgress progress) =>
        new StatusDocument { Progress = progress, Acknowledged = [.. _acknowledged] }.ToBytes();

    // On a full disk nothing can be written and the time of the file can still be set: a guardian must not take such a
    // batch for dead.
    private void ShowLife()
    {
        if (_trouble is not null)
        {
            Try(() =>
            {
                _verifyOwner();
                File.SetLastWriteTimeUtc(_folder.StatusFile, TimeProvider.System.GetUtcNow().UtcDateTime);
            });
        }
    }

    // The attendant goes on after any trouble, of the disk above all.
    private void Try(Action action)
    {
        try
        {
            action();
        }
        catch (Exception e)
        {
            _trouble ??= e.Message;
        }
    }

    // The same trouble is told once, and again when it was over in between.
    private void TellOfTrouble()
    {
        if (_trouble is not null && _trouble != _told)
        {
            _batch.Note($"Status and commands of the batch are held up: {_trouble}");
        }

        _told = _trouble;
    }
}
