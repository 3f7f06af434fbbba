namespace PSRunner.Engine.Scheduling;

/// <summary>What is known of a case between its attempts.</summary>
/// <param name="Index">Its place in the plan.</param>
/// <param name="Attempts">Attempts started so far.</param>
/// <param name="Retries">Of these, the ones that ended with a cause and are tried again.</param>
/// <param name="Crashes">Workers it took down.</param>
/// <param name="Suspect">It runs alone, after all others.</param>
/// <param name="Evictions">How often it was ended in this session because memory ran short.</param>
internal readonly record struct CaseState(int Index, int Attempts = 0, int Retries = 0, int Crashes = 0, bool Suspect = false, int Evictions = 0);
