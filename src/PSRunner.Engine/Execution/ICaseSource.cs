namespace PSRunner.Engine.Execution;

/// <summary>Gives the cases of a frozen plan by their place. Safe from any thread.</summary>
internal interface ICaseSource
{
    /// <summary>Reads a case; may do I/O.</summary>
    /// <exception cref="IOException">The plan cannot be read any more.</exception>
    TestCase Load(int index);

    /// <summary>The case's id, 32 lower-case hex digits.</summary>
    string IdOf(int index);
}
