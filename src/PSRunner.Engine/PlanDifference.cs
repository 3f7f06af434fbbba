using System.Collections;

namespace PSRunner.Engine;

/// <summary>What a changed plan means for a batch: which of its cases stay, and which are new.</summary>
public sealed class PlanDifference
{
    private readonly BitArray _wanted;

    internal PlanDifference(BitArray wanted, IReadOnlyList<int> added, IReadOnlyList<int> dropped)
    {
        _wanted = wanted;
        AddedCases = added;
        DroppedCases = dropped;
        Kept = wanted.Cast<bool>().Count(stays => stays);
    }

    /// <summary>Cases that the batch did not have.</summary>
    public int Added => AddedCases.Count;

    /// <summary>Cases that both have; those with a result do not run again.</summary>
    public int Kept { get; }

    /// <summary>Cases that only the batch had.</summary>
    public int Removed => _wanted.Count - Kept;

    /// <summary>Those of them that had no result: they get one that says Skipped, cause <c>excluded</c>.</summary>
    public int Dropped => DroppedCases.Count;

    /// <summary>The new cases by their place in the changed plan.</summary>
    internal IReadOnlyList<int> AddedCases { get; }

    /// <summary>The dropped cases by their place in the batch's plan.</summary>
    internal IReadOnlyList<int> DroppedCases { get; }

    /// <summary>True when the changed plan has a case of the batch.</summary>
    internal bool Wants(int index) => index >= _wanted.Count || _wanted[index];
}
