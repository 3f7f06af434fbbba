namespace PSRunner.CrashCampaign;

/// <summary>When a child is killed.</summary>
internal enum Moment
{
    /// <summary>A random while after its process was made: planning, opening, recovering.</summary>
    Opening,

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
}
