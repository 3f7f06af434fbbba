using System.Collections;

namespace PSRunner.Engine.Scheduling;

/// <summary>What earlier sessions left: which cases have a durable result, and which had begun without one.</summary>
internal sealed class RecoveredState
{
    /// <summary>One bit a case: true when it has a durable result. Null: none has.</summary>
    public BitArray? Finished { get; init; }

    /// <summary>The cases that were started and have no result; suspects are those that ran in a host that died.</summary>
    public IReadOnlyList<CaseState> Open { get; init; } = [];

    /// <summary>Suspects that ran alone for that reason when the host died again; not among <see cref="Open"/>. They get their result now.</summary>
    public IReadOnlyList<CaseState> CrashedAlone { get; init; } = [];
}
