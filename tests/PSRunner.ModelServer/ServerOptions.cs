namespace PSRunner.ModelServer;

/// <summary>How the server behaves.</summary>
public sealed record ServerOptions
{
    /// <summary>Thinks of the answers; by default it repeats what the user said last.</summary>
    public Func<ChatRequest, ChatReply> Wit { get; init; } =
        request => new ChatReply("You said: " + request.Messages.LastOrDefault(m => m.Role == "user")?.Text);

    /// <summary>Answers a request in its own way; null from it: as usual. The number counts requests from 1.</summary>
    public Func<long, ChatRequest, HttpAnswer?>? Answer { get; init; }

    /// <summary>The TCP port; 0: any free one.</summary>
    public int Port { get; init; }

    /// <summary>The keys that are valid; empty: any.</summary>
    public IReadOnlyList<string> Keys { get; init; } = [];

    /// <summary>The models that are known; empty: any.</summary>
    public IReadOnlyList<string> Models { get; init; } = [];

    /// <summary>What goes wrong when.</summary>
    public FaultScript Faults { get; init; } = FaultScripts.None;

    /// <summary>What it can do, unknown to its clients.</summary>
    public Capacity Capacity { get; init; } = new();

    /// <summary>How it says that it is too much.</summary>
    public Fault Refusal { get; init; } = Fault.Throttled;

    /// <summary>The shortest Retry-After that it asks for.</summary>
    public TimeSpan LeastRetryAfter { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Told of each request and the fault it met, from any thread.</summary>
    public Action<ChatRequest, Fault?>? Served { get; init; }

    /// <summary>Told of the address and the headers of each request, from any thread.</summary>
    public Action<string, IReadOnlyDictionary<string, string>>? Seen { get; init; }

    /// <summary>How many characters a piece of a stream has.</summary>
    public int PieceLength { get; init; } = 40;

    /// <summary>The pause between pieces of a stream.</summary>
    public TimeSpan PieceDelay { get; init; }

    /// <summary>Each byte of a slow answer, and each line of slow headers, takes this long.</summary>
    public TimeSpan SlowStep { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>The clock.</summary>
    public TimeProvider Time { get; init; } = TimeProvider.System;
}

/// <summary>The hidden capacity of a server, per key.</summary>
public sealed record Capacity
{
    /// <summary>Requests a minute; null: no limit.</summary>
    public double? RequestsPerMinute { get; init; }

    /// <summary>Tokens a minute, of the conversation; null: no limit.</summary>
    public double? TokensPerMinute { get; init; }

    /// <summary>Requests at once; null: no limit.</summary>
    public int? Concurrency { get; init; }

    /// <summary>How much unused allowance is saved up.</summary>
    public double BurstSeconds { get; init; } = 1;

    /// <summary>How long a request takes when it is alone.</summary>
    public TimeSpan Latency { get; init; }

    /// <summary>By which share of itself the latency grows with each other request under way.</summary>
    public double LatencyGrowth { get; init; }
}
