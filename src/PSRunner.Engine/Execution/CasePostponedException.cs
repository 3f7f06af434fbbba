namespace PSRunner.Engine.Execution;

/// <summary>
/// Thrown by an executor before it did anything: what the case needs cannot be had in this session. The case stays pending
/// and nothing is said of it.
/// </summary>
public sealed class CasePostponedException(string message) : Exception(message);
