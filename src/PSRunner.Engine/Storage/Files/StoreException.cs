namespace PSRunner.Engine.Storage;

/// <summary>The disk refused. The message names what was tried, the file, and the system's reason.</summary>
internal sealed class StoreException : IOException
{
    /// <param name="action">What was tried, as in "write".</param>
    /// <param name="path">The file or folder.</param>
    /// <param name="reason">The system's words.</param>
    /// <param name="code">The name of the error, <c>ENOSPC</c>; empty when it has none here.</param>
    /// <param name="inner">What .NET threw, when it did.</param>
    public StoreException(string action, string path, string reason, string code = "", Exception? inner = null)
        : base($"Could not {action} '{path}': {reason}{(code.Length == 0 ? "" : $" ({code})")}.", inner) => Code = code;

    /// <summary>The name of the error, <c>ENOSPC</c>; empty when it has none here.</summary>
    public string Code { get; }
}
