namespace PSRunner.Engine.Storage;

/// <summary>Something in a run folder that is not as it was written.</summary>
/// <param name="File">The file's name.</param>
/// <param name="IsCorrupt">True when what is missing had been durable; false for the torn end of a crash.</param>
/// <param name="Message">What it is and what follows.</param>
public sealed record RecoveryFinding(string File, bool IsCorrupt, string Message);
