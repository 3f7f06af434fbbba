namespace PSRunner.Engine.Storage;

/// <summary>One line of the journal.</summary>
internal abstract record JournalRecord;

/// <summary>The first line of a file.</summary>
/// <param name="Format">The version of the format.</param>
/// <param name="Batch">The batch's id.</param>
/// <param name="File">The file's number.</param>
/// <param name="Session">The session that writes it.</param>
/// <param name="PreviousFile">The file written before it; 0: none.</param>
/// <param name="PreviousSeq">The last line of that file that is on the device for sure.</param>
internal sealed record HeaderRecord(int Format, string Batch, int File, int Session, int PreviousFile, long PreviousSeq) : JournalRecord
{
    /// <summary>The version this code writes and reads.</summary>
    public const int CurrentFormat = 1;
}

/// <summary>A session began.</summary>
/// <param name="Number">From 1.</param>
/// <param name="Started">UTC.</param>
/// <param name="Limits">Its limits, a JSON object.</param>
internal sealed record SessionRecord(int Number, DateTime Started, string Limits) : JournalRecord;

/// <summary>Cases that are neither finished nor untouched, as a file begins; long sets take several lines.</summary>
/// <param name="Line">Which of the lines, from 1.</param>
/// <param name="Of">How many lines.</param>
/// <param name="Cases">The cases.</param>
internal sealed record OpenRecord(int Line, int Of, IReadOnlyList<OpenCase> Cases) : JournalRecord;

/// <summary>An attempt is about to be dispatched.</summary>
internal sealed record StartedRecord(int Index, int Attempt) : JournalRecord;

/// <summary>An attempt ended and its case is tried again.</summary>
/// <param name="Index">The case.</param>
/// <param name="Attempt">The attempt.</param>
/// <param name="Cause">Why.</param>
/// <param name="Message">Why, in words.</param>
/// <param name="Seconds">How long it took.</param>
/// <param name="CountsAsTry">False when the case itself did not get its chance.</param>
internal sealed record AttemptEndedRecord(int Index, int Attempt, string Cause, string Message, double Seconds, bool CountsAsTry)
    : JournalRecord;

/// <summary>An attempt was cut off by the end of the session; its case stays pending.</summary>
internal sealed record CanceledRecord(int Index, int Attempt) : JournalRecord;

/// <summary>A case ended.</summary>
/// <param name="Result">Its result; what is too long for the journal is cut when it is written.</param>
/// <param name="Artifacts">The files of the attempt, on the device before this record.</param>
internal sealed record ResultRecord(TestResult Result, IReadOnlyList<StoredArtifact> Artifacts) : JournalRecord
{
    /// <summary>Files that are still to be written; none once the record is kept.</summary>
    public IReadOnlyList<Execution.Artifact> Unsaved { get; init; } = [];

    /// <param name="result">A result without files.</param>
    public ResultRecord(TestResult result)
        : this(result, [])
    {
    }

    /// <summary>About what it takes in the file.</summary>
    public int ApproximateBytes =>
        512 + Math.Min(Result.Message.Length, ResultFit.TextLimit) + Math.Min(Result.Output.Length, ResultFit.OutputLimit);
}

/// <summary>A finished case is to run again: results of this and earlier attempts count no longer.</summary>
/// <param name="Index">The case.</param>
/// <param name="Attempt">The attempt whose result counted until now.</param>
internal sealed record ReopenedRecord(int Index, int Attempt) : JournalRecord;

/// <summary>What a scan keeps of a result.</summary>
/// <param name="Index">The case.</param>
/// <param name="Attempt">The attempt that ended it.</param>
/// <param name="Outcome">The place in <see cref="Outcomes.All"/>, from 1.</param>
internal sealed record ResultKeyRecord(int Index, int Attempt, byte Outcome) : JournalRecord;

/// <summary>A file that was kept beside a result.</summary>
/// <param name="Name">Its name in the attempt's folder.</param>
/// <param name="Length">Bytes.</param>
/// <param name="Hash">XxHash128 of the bytes, 32 lower-case hex digits.</param>
internal sealed record StoredArtifact(string Name, long Length, string Hash);
