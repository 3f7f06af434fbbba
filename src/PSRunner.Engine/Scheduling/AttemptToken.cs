namespace PSRunner.Engine.Scheduling;

/// <summary>Names one attempt of this session. A slot is used again, its generation never: what an old token says is not believed.</summary>
internal readonly record struct AttemptToken(int Slot, long Generation);
