using System.Collections;
using System.Globalization;
using PSRunner.Engine.Detached;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Planning;
using PSRunner.Engine.Processes;
using PSRunner.Engine.Scheduling;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine;

/// <summary>
/// One session of one batch in this process: owns the run folder, runs what is pending, and hands out results as they
/// become durable. Ends by itself, within its limits, whatever the tests do.
/// </summary>
public sealed partial class BatchSession : IAttended, IDisposable
{
    private const int MostNotes = 200;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan PoliteEnd = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan ForcedEnd = TimeSpan.FromSeconds(5);

    private readonly RunFolder _folder;
    private readonly IStoreFiles _files;
    private readonly BatchPlan _plan;
    private readonly OwnerLock _owner;
    private readonly SessionJournal _journal;
    private readonly Conductor _conductor;
    private readonly Attendant _attendant;
    private readonly Meter _meter;
    private readonly TimeProvider _time;
    private readonly TimeSpan? _checkpointEvery;
    private readonly int _number;
    private readonly Queue<string> _notes = new();
    private readonly TaskCompletionSource<TestBatch> _completion = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Thread _thread;
    private readonly List<IDisposable> _held = [];
    private readonly SessionFacts _facts;
    private readonly MemoryMarks _memory;
    private readonly List<ILaneSteering> _steering = [];
    private readonly BatchOptions _options;
    private long _lastCheckpoint;
    private double _requestsPerSecond;
    private TestProgress? _final;
    private volatile bool _isStopAsked;

    private BatchSession(RunFolder folder, BatchPlan plan, OwnerLock owner, bool diedWithSystem, OutcomeFilter again, BatchOptions options, BatchLimits limits, IStoreFiles files, TimeProvider time)
    {
        _folder = folder;
        _files = files;
        _plan = plan;
        _owner = owner;
        _time = time;
        _options = options;
        _requestsPerSecond = options.RequestsPerSecond ?? double.NaN;
        Limits = limits;
        _checkpointEvery = options.CheckpointIntervalSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null;

        var recovered = Recovery.Open(folder, files, plan);
        foreach (var finding in recovered.Findings)
        {
            Note($"{Path.GetFileName(finding.File)}: {finding.Message}");
        }

        ScratchFolder.RemoveAbandoned(folder.ScratchFolder, Note);
        var start = StartingPoint(recovered, plan, files, again, diedWithSystem);
        _number = recovered.LastSession + 1;
        OwnerInfo.Current(folder, _number).Write(files, folder);
        ToRun = recovered.Counts[0];
        _meter = new Meter(time, recovered.Counts[1..]);
        Results = new ResultQueue(count => _conductor!.Post(new SchedulerEvent.ResultsConsumed(count)));
        _journal = new SessionJournal(
            folder, files,
            recovered.BeginSession(plan, owner, time.GetUtcNow(), LimitsAsJson(limits, options.Durability)) with
            {
                Durability = options.Durability,
                ResultsPerFile = options.ResultsPerFile,
            },
            new PartSealer(folder, files, plan, recovered.Superseded, owner.Verify),
            options.CheckpointInterval ?? 0, _meter, Results, Note, time);
        _conductor = new Conductor(new Session
        {
            Plan = plan,
            Cases = plan,
            Executors = plan.Executors,
            Limits = limits,
            Recovered = start,
            Journal = _journal,
            Results = new ResultFactory(plan.Schema, plan.BatchId, folder.FullPath, _number),
            KeepArtifact = options.KeepArtifact,
            PassScore = options.PassScore,
            Time = time,
            Note = Note,
        });
        _journal.Connect(_conductor.Post);
        _attendant = new Attendant(folder, files, this, owner.Verify);
        _facts = new SessionFacts(plan.BatchId, _number, folder.ScratchFolder, limits.Grace, time, Note) { MemoryLimitMB = options.MemoryLimitMB };
        _memory = new MemoryMarks(time);
        _thread = new Thread(Run) { IsBackground = true, Name = "PSRunner session" };
    }

    /// <summary>What the batch is and how far it came.</summary>
    public TestBatch Batch => GetProgress();

    /// <summary>The limits of this session.</summary>
    public BatchLimits Limits { get; }

    /// <summary>Cases that were pending when the session began.</summary>
    public int ToRun { get; }

    /// <summary>Durable results of this session, as they come. Its one reader takes them or calls <see cref="Stop"/>.</summary>
    public ResultQueue Results { get; }

    /// <summary>Completes when the session is closed: results sealed, status written, run folder given up. Never faults.</summary>
    public Task<TestBatch> Completion => _completion.Task;

    /// <summary>Goes on with a batch that stopped, was lost, or is complete and has cases to run again.</summary>
    /// <param name="runFolder">The run folder, a full path.</param>
    /// <param name="options">What is to be different.</param>
    /// <param name="executors">One for each kind of case in the plan.</param>
    /// <param name="time">The batch's clock; null: the system's.</param>
    /// <param name="inPlace">True: it steps into the place of a process that died, and obeys the commands that this one did not read.</param>
    /// <exception cref="TestBatchException">There is no batch, another process works on it, or it cannot go on here.</exception>
    public static BatchSession Resume(
        string runFolder, ResumeOptions options, IReadOnlyList<ITestExecutor> executors, TimeProvider? time = null, bool inPlace = false) =>
        Open(new RunFolder(runFolder), executors, options, time ?? TimeProvider.System, inPlace);

    internal static BatchSession Open(
        RunFolder folder, IReadOnlyList<ITestExecutor> executors, ResumeOptions resume, TimeProvider time, bool inPlace = false, IStoreFiles? disk = null)
    {
        var files = disk ?? DiskFiles.Instance;
        var again = new OutcomeFilter(resume.RetryOutcome, nameof(resume.RetryOutcome));
        var plan = BatchPlan.Open(folder, executors, files);
        OwnerLock? owner = null;
        try
        {
            plan.CheckExecutors();
            var options = resume.ApplyTo(plan.Manifest.Options);
            CheckNeeds(plan, options);
            var limits = LimitLadder.Resolve(options, plan.Facts());
            var takenAt = time.GetUtcNow();
            var before = OwnerInfo.Read(files, folder);
            owner = OwnerLock.Take(files, folder, session: 0);
            if (!inPlace)
            {
                ControlFolder.Forget(folder.ControlFolder, takenAt);
                GuardianInfo.Forget(folder);
            }

            UserIndex.TryAdd(folder.FullPath);
            if (BatchManifest.Read(folder.BatchFile, disk: files).PlanHash != plan.Manifest.PlanHash)
            {
                // Another process changed the plan while it owned the folder; now nobody else can.
                plan.Dispose();
                plan = BatchPlan.Open(folder, executors, files);
                CheckNeeds(plan, options);
                limits = LimitLadder.Resolve(options, plan.Facts());
            }

            foreach (var executor in plan.UsedExecutors.OfType<ISessionExecutor>())
            {
                executor.TryOut();
            }

            var session = new BatchSession(folder, plan, owner, before?.DiedWithSystem == true, again, options, limits, files, time);
            session.Start();
            return session;
        }
        catch (Exception e)
        {
            owner?.Dispose();
            plan.Dispose();
            if (e is IOException or UnauthorizedAccessException)
            {
                throw new TestBatchException("RunFolderUnusable", ErrorKind.WriteError, $"The run folder '{folder.FullPath}' cannot be used: {e.Message}", folder.FullPath, e);
            }

            if (e is OutOfMemoryException)
            {
                throw new TestBatchException("NoThreads", ErrorKind.LimitReached, Conductor.OutOfMemory, folder.FullPath, e);
            }

            throw;
        }
    }

    /// <summary>The live figures; cheap, from any thread.</summary>
    public TestProgress GetProgress()
    {
        if (Volatile.Read(ref _final) is { } final)
        {
            return final;
        }

        // The conductor's view is up to half a second older than the count of results; the count is the truth.
        var now = _conductor.Snapshot;
        var counted = _meter.Read(new TestProgress
        {
            Name = BatchName.LabelOf(_plan.BatchId),
            Id = _plan.BatchId,
            State = now.State == BatchStates.Suspended ? now.State : BatchStates.Running, // How it ended is said when it is closed.
            Message = now.State is BatchStates.Running or BatchStates.Suspended ? "" : $"It is ending: {now.State}.",
            Planned = _plan.Count,
            StartedAt = _plan.Manifest.StartedAt,
            Session = _number,
            RunFolder = _folder.FullPath,
            ProcessId = Environment.ProcessId,
            Unsaved = now.Unsaved,
            ThrottleLimit = now.Throttle,
            SlowestRunning = now.SlowestName.Length == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $"{now.SlowestName} {now.SlowestAge.TotalSeconds:0} s"),
            Gate = now.Gate,
            Zombies = now.Zombies,
            RequestsPerSecond = Volatile.Read(ref _requestsPerSecond),
            EndpointLimits = string.Join("; ", _steering.Select(steering => steering.Limits).Where(limits => limits.Length > 0)),
            UpdatedAt = _time.GetUtcNow().UtcDateTime,
        });
        var running = Math.Min(now.Running, counted.Planned - counted.Done);
        return counted with { Running = running, Pending = counted.Planned - counted.Done - running };
    }

    /// <summary>What the user should be told and was not yet: a stopped lane, trouble with the disk, damage that was found.</summary>
    public IReadOnlyList<string> TakeNotes()
    {
        lock (_notes)
        {
            string[] taken = [.. _notes];
            _notes.Clear();
            return taken;
        }
    }

    /// <summary>Asks the session to end: what runs is canceled and stays pending. Returns at once.</summary>
    public void Stop(string reason) => RequestEnd(new SchedulerEvent.EndRequested(BatchStates.Stopped, reason));

    /// <summary>Waits for the end of the session without the thread pool, which tests may have blocked.</summary>
    /// <returns>False when the limit came first.</returns>
    public bool WaitForEnd(TimeSpan limit) => _thread.Join(limit);

    /// <summary>For a process that is about to end: a short time to end in order, then by force. Returns within seven seconds.</summary>
    /// <param name="reason">Why, in words.</param>
    public void EndWithProcess(string reason)
    {
        Stop(reason);
        if (!WaitForEnd(PoliteEnd))
        {
            RequestEnd(new SchedulerEvent.EndRequested(BatchStates.Stopped, reason, Force: true));
            WaitForEnd(ForcedEnd);
        }
    }

    /// <summary>Stops the session if it still runs and waits for its end, at most its grace and shutdown times.</summary>
    public void Dispose()
    {
        Stop("The session was disposed of.");
        WaitForEnd(Limits.Grace + Limits.Shutdown + Limits.Shutdown + Patience);
    }

    private void RequestEnd(SchedulerEvent.EndRequested request)
    {
        _isStopAsked = true;
        _conductor.Post(request);
    }

    private static void CheckNeeds(BatchPlan plan, BatchOptions options)
    {
        foreach (var steward in BatchBuilder.StewardsOf(plan.UsedExecutors))
        {
            steward.Check(plan.Manifest.Needs ?? [], options);
        }
    }

    private void Start()
    {
        try
        {
            BeginExecutors();
            _lastCheckpoint = _time.GetTimestamp();
            _thread.Start(); // It starts the others, and closes what began should the system refuse one of them.
        }
        catch
        {
            EndExecutors();
            _journal.Dispose();
            throw;
        }
    }

    private void BeginSteering()
    {
        var lanes = Enumerable.Range(0, _plan.LaneCount).Select(_plan.LaneName).ToList();
        var facts = new SteeringFacts
        {
            RunFolder = _folder.FullPath,
            Number = _number,
            Needs = _plan.Manifest.Needs ?? [],
            Options = _options,
            EarlierResults = () => new ResultReader(_folder, _plan, _files).ReadAllAttempts(),
            RequestLimit = Limits.Request,
            Throttle = Limits.Throttle,
            Lanes = lanes,
            Time = _time,
            Allow = (lane, attempts) => _conductor.Post(new SchedulerEvent.LaneAllowed(lane, attempts)),
            StopLane = (lane, why) => _conductor.Post(new SchedulerEvent.LaneStopped(lane, why)),
            Postpone = why => _conductor.Post(new SchedulerEvent.CasesPostponed(why)),
            End = (state, message) => _conductor.Post(new SchedulerEvent.EndRequested(state, message)),
            Note = Note,
        };
        foreach (var steward in BatchBuilder.StewardsOf(_plan.UsedExecutors))
        {
            var steering = steward.Begin(facts);
            _steering.Add(steering);
            _held.Add(steering);
        }
    }

    private void BeginExecutors()
    {
        _held.Add(_facts);
        foreach (var executor in _plan.UsedExecutors.OfType<ISessionExecutor>())
        {
            if (executor.BeginSession(_facts) is { } held)
            {
                _held.Insert(0, held);
            }
        }

        BeginSteering();
    }

    private void Note(string text)
    {
        lock (_notes)
        {
            if (_notes.Count == MostNotes)
            {
                _notes.Dequeue();
            }

            _notes.Enqueue(text);
        }
    }

    // What earlier sessions left, as the scheduler wants it.
    private static Scheduling.RecoveredState StartingPoint(Storage.RecoveredState recovered, BatchPlan plan, IStoreFiles files, OutcomeFilter again, bool diedWithSystem)
    {
        // A suspect runs alone: when it was the only one running as the host died again, the crash is its own.
        var suspects = recovered.Open.Cases.Where(c => c.Suspect).Select(c => c.Index).ToHashSet();
        var cutOff = recovered.Open.CutOff(index => !diedWithSystem && plan.CanCrashHost(index)); // A power cut is no test's doing.
        var crashedAlone = cutOff is [var single] && suspects.Contains(single) && !diedWithSystem ? single : -1;
        if (!again.IsEmpty)
        {
            foreach (var result in new ResultReader(plan.Folder, plan, files).Read().Where(again.Matches))
            {
                recovered.Reopen(result.Index);
            }
        }

        var open = recovered.Open.Cases
            .Select(c => new CaseState(c.Index, c.Attempt, c.Tries, c.Crashes, c.Suspect)).ToLookup(c => c.Index == crashedAlone);
        return new Scheduling.RecoveredState
        {
            Finished = new BitArray(Array.ConvertAll(recovered.Outcomes, outcome => outcome != 0)),
            Open = [.. open[false]],
            CrashedAlone = [.. open[true]],
        };
    }

    private static string LimitsAsJson(BatchLimits limits, Durability durability) => string.Create(
        CultureInfo.InvariantCulture,
        $$"""{"throttle":{{limits.Throttle}},"request":{{limits.Request.TotalSeconds}},"stall":{{limits.Stall.TotalSeconds}},"test":{{limits.Test.TotalSeconds}},"batch":{{limits.Batch.TotalSeconds}},"retry_count":{{limits.RetryCount}},"durability":"{{durability}}"}""");
}
