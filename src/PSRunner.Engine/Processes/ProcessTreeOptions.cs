using System.Collections.Frozen;
using System.Runtime.InteropServices;

namespace PSRunner.Engine.Processes;

/// <summary>What to start and how. All paths are full paths.</summary>
internal sealed record ProcessTreeOptions
{
    /// <summary>A full path, a path relative to the working directory, or a bare name that is looked up in the child's PATH.</summary>
    public required string Program { get; init; }

    /// <summary>The arguments, each passed as it is.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>An existing folder.</summary>
    public required string WorkingDirectory { get; init; }

    /// <summary>Variables on top of this process's own; null removes one.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = FrozenDictionary<string, string?>.Empty;

    /// <summary>What the program reads from its standard input; empty: nothing.</summary>
    public ReadOnlyMemory<byte> StandardInput { get; init; }

    /// <summary>The file that the program itself writes its standard output to; created or emptied.</summary>
    public required string StandardOutputPath { get; init; }

    /// <summary>The same for standard error; may be the same file.</summary>
    public required string StandardErrorPath { get; init; }

    /// <summary>Handles of ours that the program gets beside its three streams; their numbers there stand, comma between them, in <see cref="ProcessTrees.HandlesVariable"/>.</summary>
    public IReadOnlyList<SafeHandle> Handles { get; init; } = [];

    /// <summary>Value of <see cref="ProcessTrees.CaseVariable"/>, <c>batch/case/attempt</c>, by which a later session finds what was left.</summary>
    public required string Marker { get; init; }

    /// <summary>Memory that all its processes together may hold (KiB); it is killed when more is seen. 0: no limit. Linux.</summary>
    public long MemoryLimitKiB { get; init; }

    /// <summary>Runs at lower priority, and is the first that the system ends when memory runs out (Linux).</summary>
    public bool Yields { get; init; }
}
