namespace PSRunner.Engine.Processes;

/// <summary>Why a program could not be started.</summary>
internal enum ProcessStartFailure
{
    /// <summary>There is no such program, or no interpreter for it.</summary>
    NoSuchProgram,

    /// <summary>It is there and not something that can be executed.</summary>
    NotExecutable,

    /// <summary>The system forbids it.</summary>
    NoPermission,

    /// <summary>A folder it needs is missing: the working directory, or that of an output file.</summary>
    NoFolder,

    /// <summary>The system is out of processes, memory or handles, or the arguments are too long.</summary>
    System,
}

/// <summary>A program could not be started. The case's cause is then <see cref="Causes.NotStarted"/>.</summary>
internal sealed class ProcessStartException(ProcessStartFailure failure, string message) : Exception(message)
{
    /// <summary>Why.</summary>
    public ProcessStartFailure Failure { get; } = failure;
}
