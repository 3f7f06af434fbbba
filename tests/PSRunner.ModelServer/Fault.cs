namespace PSRunner.ModelServer;

/// <summary>What a server can do wrong. A failing TLS handshake is had at <see cref="ChatServer.TlsEndpoint"/>, a failing name by any name under .invalid.</summary>
public enum Fault
{
    /// <summary>The request is read and never answered.</summary>
    NeverAnswer,

    /// <summary>The answer comes one byte a second.</summary>
    OneByteASecond,

    /// <summary>The connection is closed in the middle of the answer.</summary>
    CloseInTheMiddle,

    /// <summary>The connection is reset before the answer.</summary>
    Reset,

    /// <summary>429 with a Retry-After and rate-limit headers.</summary>
    Throttled,

    /// <summary>429 and nothing else.</summary>
    ThrottledBare,

    /// <summary>400 whose body alone says that it is a throttle.</summary>
    ThrottledInBody,

    /// <summary>429 because the account is out of credit.</summary>
    QuotaUsedUp,

    /// <summary>500, 502 or 503 in turn.</summary>
    ServerError,

    /// <summary>200 with JSON that breaks off.</summary>
    WrongJson,

    /// <summary>200 with a web page.</summary>
    Html,

    /// <summary>A proper answer whose content is empty.</summary>
    EmptyContent,

    /// <summary>A proper answer with reasoning and no content.</summary>
    ReasoningOnly,

    /// <summary>A proper answer whose text ends inside its last tag.</summary>
    CutInTag,

    /// <summary>A proper answer of ten megabytes.</summary>
    HugeReply,

    /// <summary>The answer goes on for ever, as fast as it is read.</summary>
    NeverEnds,

    /// <summary>Content-Length promises more than comes.</summary>
    WrongContentLength,

    /// <summary>307 to another host.</summary>
    Redirect,

    /// <summary>The headers come one line a second.</summary>
    SlowHeaders,

    /// <summary>401: this key is no longer valid.</summary>
    KeyRevoked,

    /// <summary>400: the content filter.</summary>
    ContentFilter,

    /// <summary>A proper answer of which the content filter took the second half.</summary>
    FilteredReply,

    /// <summary>200 whose body is an error; in a stream the error comes in the middle of the reply.</summary>
    ErrorInBody,

    /// <summary>A stream that is closed in the middle of the reply as if it were done; a reply that comes whole is proper.</summary>
    EndsEarly,
}
