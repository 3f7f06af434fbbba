namespace PSRunner;

/// <summary>What kind of trouble an error is; the cmdlets turn it into PowerShell's error category.</summary>
public enum ErrorKind
{
    /// <summary>A parameter or a combination of parameters is wrong.</summary>
    InvalidArgument,

    /// <summary>A file holds something else than it should.</summary>
    InvalidData,

    /// <summary>What was named does not exist.</summary>
    NotFound,

    /// <summary>It exists and is in use.</summary>
    Busy,

    /// <summary>A file or folder could not be read.</summary>
    ReadError,

    /// <summary>A file or folder could not be written.</summary>
    WriteError,

    /// <summary>A limit of the machine or of PSRunner is reached.</summary>
    LimitReached,
}

/// <summary>What the user asked wrongly or the machine refused. The message says what is wrong, where, and what to do.</summary>
public sealed class TestBatchException : Exception
{
    /// <param name="errorId">PascalCase, stable, one for each code path.</param>
    /// <param name="kind">The kind of trouble.</param>
    /// <param name="message">What is wrong, where, and what to do.</param>
    /// <param name="target">The offending value, path or object.</param>
    /// <param name="inner">What the machine said.</param>
    public TestBatchException(string errorId, ErrorKind kind, string message, object? target = null, Exception? inner = null)
        : base(message, inner)
    {
        ErrorId = errorId;
        Kind = kind;
        Target = target;
    }

    /// <summary>PascalCase, stable, one for each code path.</summary>
    public string ErrorId { get; }

    /// <summary>The kind of trouble.</summary>
    public ErrorKind Kind { get; }

    /// <summary>The offending value, path or object.</summary>
    public object? Target { get; }
}
