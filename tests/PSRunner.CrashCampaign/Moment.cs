namespace PSRunner.CrashCampaign;

/// <summary>When a child is killed.</summary>
internal enum Moment
{
    /// <summary>A random while after the process of a new batch was made: planning, freezing, opening.</summary>
    Opening,

    /// <summary>A random while after a session began to go on with a batch: recovering, beginning a new journal file.</summary>
    Resuming,

    /// <summary>A random while after a session began to go on with a changed plan.</summary>
    Changing,

    /// <summary>A random while after the session began to run.</summary>
    Running,

    /// <summary>When some number of results was seen.</summary>
    Seeing,

    /// <summary>As a part is written: its temporary file is there.</summary>
    Sealing,

    /// <summary>As a part, or another file, was renamed into place.</summary>
    Renaming,

    /// <summary>As a journal file begins or goes.</summary>
    Turning,

    /// <summary>A random while after a repair began.</summary>
    Repairing,

    /// <summary>While psrunner saves the results to a file, over and over.</summary>
    Saving,
}
