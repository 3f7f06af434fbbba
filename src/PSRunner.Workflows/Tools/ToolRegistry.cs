using System.Collections.Frozen;

namespace PSRunner.Workflows.Tools;

/// <summary>The tools of a batch. Immutable; one instance serves all tests at once.</summary>
public sealed class ToolRegistry
{
    private readonly FrozenDictionary<string, ToolDefinition> _byName;
    private readonly ToolSearch _search;

    /// <param name="tools">The tools in the order in which they are listed to models.</param>
    /// <param name="source">Where they come from, for messages: a path, or <c>built-in</c>.</param>
    /// <exception cref="TestBatchException">ToolRegistryInvalid: what is wrong with which tool.</exception>
    public ToolRegistry(IEnumerable<ToolDefinition> tools, string source)
    {
        All = [.. tools];
        Source = source;
        RegistryRules.Check(All, source);
        _byName = All.ToFrozenDictionary(tool => tool.Name, StringComparer.Ordinal);
        _search = new ToolSearch(All);
        Categories = [.. All.Select(tool => tool.Category).Distinct(StringComparer.Ordinal)];
        Json = ToolRegistryJson.Write(All);
        Hash = ContentHash.Of(Json);
    }

    /// <summary>The tools in their order.</summary>
    public IReadOnlyList<ToolDefinition> All { get; }

    /// <summary>The categories in the order in which they first occur.</summary>
    public IReadOnlyList<string> Categories { get; }

    /// <summary>Where the tools come from, for messages.</summary>
    public string Source { get; }

    /// <summary>The content as JSON text, so that it can travel in a run folder; equal registries give equal texts.</summary>
    public string Json { get; }

    /// <summary>XxHash128 of <see cref="Json"/> in UTF-8, 32 lower-case hex digits.</summary>
    public string Hash { get; }

    /// <summary>The registry that <see cref="Json"/> holds.</summary>
    /// <exception cref="TestBatchException">ToolRegistryTruncated or ToolRegistryInvalid.</exception>
    public static ToolRegistry FromJson(string json, string source)
    {
        using var document = LibraryFile.Parse(System.Text.Encoding.UTF8.GetBytes(json), ToolRegistryJson.Library(source));
        return new ToolRegistry(ToolRegistryJson.Read(document.RootElement, source), source);
    }

    /// <summary>Reads a registry from a file: our own form (<see cref="Json"/>) or the old runner's tool_registry.json.</summary>
    /// <exception cref="TestBatchException">ToolRegistryNotFound, ToolRegistryUnreadable, ToolRegistryTruncated or ToolRegistryInvalid.</exception>
    public static ToolRegistry Load(string path)
    {
        using var document = LibraryFile.Open(ToolRegistryJson.Library(path));
        return new ToolRegistry(ToolRegistryJson.Read(document.RootElement, path), path);
    }

    /// <summary>The tool of that exact name; null when there is none.</summary>
    public ToolDefinition? Find(string name) => _byName.GetValueOrDefault(name);

    /// <summary>The tools that match any of the words, best first, at most <paramref name="top"/>.</summary>
    public IReadOnlyList<ToolDefinition> Search(string words, int top = 5) => _search.Find(words, top);

    /// <summary>All other tools, those most alike in name and description first.</summary>
    public IReadOnlyList<ToolDefinition> Alike(ToolDefinition tool) => _search.Alike(tool);
}
