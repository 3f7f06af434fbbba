namespace PSRunner.Engine.Storage;

/// <summary>
/// Hears what became of records, in order, on the journal's thread; of trouble and its end on any thread of the journal, one
/// at a time. Must be quick and must not throw.
/// </summary>
internal interface IJournalListener
{
    /// <summary>They are in the file, not yet on the device: a start may be dispatched, nothing may be reported.</summary>
    void OnWritten(IReadOnlyList<JournalRecord> records);

    /// <summary>They are on the device. Results are in the form in which they were kept.</summary>
    void OnDurable(IReadOnlyList<JournalRecord> records);

    /// <summary>A file is complete and may become a part.</summary>
    void OnClosed(ClosedFile file);

    /// <summary>The disk refuses; what waits is kept in memory and tried again. Called once until it recovered.</summary>
    void OnTrouble(string what, Exception e);

    /// <summary>The disk took what it had refused.</summary>
    void OnRecovered();
}
