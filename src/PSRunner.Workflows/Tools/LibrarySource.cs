namespace PSRunner.Workflows.Tools;

/// <summary>A file (or text) that a user brought, and how messages speak of it.</summary>
/// <param name="ErrorPrefix">The beginning of its error ids: ToolRegistry, TaskLibrary.</param>
/// <param name="What">What it should be, in words.</param>
/// <param name="Name">Its path, or another name for where it came from.</param>
internal sealed record LibrarySource(string ErrorPrefix, string What, string Name)
{
    /// <summary>The error for content of the wrong shape.</summary>
    /// <param name="problem">What the file does wrong, continuing the sentence <c>The tool registry 'x' ...</c>.</param>
    public TestBatchException Invalid(string problem) =>
        new(ErrorPrefix + "Invalid", ErrorKind.InvalidData, $"The {What} '{Name}' {problem}. Correct the file or name another.", Name);
}
