using PSRunner.Engine.Storage;

namespace PSRunner.CrashCampaign;

/// <summary>One batch of the campaign: where it lies, what was seen of it, and what is recorded.</summary>
/// <param name="root">The folder above its run folder.</param>
/// <param name="planned">Cases in its first plan.</param>
/// <param name="ledger">What was seen.</param>
/// <param name="violate">Hears of every broken promise.</param>
internal sealed class BatchUnderTest(string root, int planned, Ledger ledger, Action<string> violate)
{
    private Dictionary<string, int> _recorded = [];
    private int _added;

    public string Root => root;

    public Ledger Ledger => ledger;

    /// <summary>Null while there is none: killed before there was a batch, nothing was promised.</summary>
    public string? RunFolder => Child.RunFolderIn(root);

    /// <summary>Results that the folder held when it was last looked at.</summary>
    public int Recorded => _recorded.Values.Sum();

    /// <summary>Cases in its plan.</summary>
    public int Planned => planned + _added;

    /// <summary>True when it is to go on with a changed plan, which it may already have.</summary>
    public bool IsChanging { get; set; }

    /// <summary>True when its errors ran again.</summary>
    public bool WasRetried { get; set; }

    /// <summary>How many of these have an outcome.</summary>
    public int RecordedAs(string outcome) => _recorded.GetValueOrDefault(outcome);

    /// <summary>Compares the folder with the ledger and has it audited; nobody works on it.</summary>
    public void Check()
    {
        if (RunFolder is not { } runFolder)
        {
            return;
        }

        _recorded = ledger.Check(runFolder);
        var audit = BatchAudit.Run(runFolder);
        _added = IsChanging && audit.Planned == planned + Child.MoreCases ? Child.MoreCases : _added;
        if (!audit.Healthy)
        {
            violate("the audit finds: " + string.Join("; ", audit.Findings.Select(f => $"{f.Severity} {f.File}: {f.Message}")));
        }

        if (audit.Planned != Planned || audit.Recorded != Recorded || audit.Planned != audit.Recorded + audit.Pending)
        {
            violate($"{Planned} planned, {Recorded} read; the audit says {audit.Planned} planned, {audit.Recorded} recorded, {audit.Pending} pending");
        }
    }

    /// <summary>What must be true when the last session ended by itself.</summary>
    /// <param name="told">What it said of its end.</param>
    /// <returns>True when the disk was too slow for the last part, which a repair had to write.</returns>
    public bool CheckEnd(string told)
    {
        if (Recorded != Planned || (IsChanging && _added == 0))
        {
            violate($"the batch is completed with {Recorded} results of {Planned}");
        }

        var before = Left();
        if (before.Length > 0 && told.Contains("Repair-TestBatch", StringComparison.Ordinal))
        {
            BatchRepair.Run(RunFolder!);
            Check();
        }

        if (Left() is { Length: > 0 } left)
        {
            violate($"the closed batch still has {string.Join(", ", left)}, and said: {told}");
        }

        return before.Length > 0;
    }

    private string[] Left() =>
        [.. Directory.GetFiles(RunFolder!, "*.tmp", SearchOption.AllDirectories), .. Directory.GetFiles(Path.Combine(RunFolder!, "journal"))];
}
