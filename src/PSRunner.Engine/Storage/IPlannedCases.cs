namespace PSRunner.Engine.Storage;

/// <summary>What the store must know of a plan to make whole results of what the journal holds. Safe for many threads.</summary>
public interface IPlannedCases
{
    /// <summary>The batch's id as batch.json has it; the folder may have been renamed.</summary>
    string BatchId { get; }

    /// <summary>Cases in the plan.</summary>
    int Count { get; }

    /// <summary>The columns of the batch.</summary>
    ResultSchema Schema { get; }

    /// <summary>A case by its place, from 0.</summary>
    PlannedCase Get(int index);
}

/// <summary>A planned case as its result shows it.</summary>
/// <param name="Id">The case's id.</param>
/// <param name="Kind">The kind.</param>
/// <param name="Name">The name.</param>
/// <param name="Parameters">Values in the order of <see cref="ResultSchema.Parameters"/>, in the types of their columns (<see cref="ColumnValue.Coerce"/>).</param>
public sealed record PlannedCase(string Id, string Kind, string Name, IReadOnlyList<object?> Parameters);
