namespace PSRunner.Workflows.Tools;

/// <summary>What must hold of a registry before any test may use it.</summary>
internal static class RegistryRules
{
    private const int MaxTools = 10_000;
    private const int MaxNamed = 20;

    /// <exception cref="TestBatchException">ToolRegistryInvalid: the first rule that is broken, and by which tool.</exception>
    public static void Check(IReadOnlyList<ToolDefinition> tools, string source)
    {
        if (tools.Count is 0 or > MaxTools)
        {
            throw Invalid(source, $"holds {tools.Count} tools; 1 to {MaxTools} are needed");
        }

        var names = new HashSet<string>(StringComparer.Ordinal);
        foreach (var tool in tools)
        {
            if (!IsName(tool.Name))
            {
                throw Invalid(source, $"names a tool '{tool.Name}'; a name has letters, digits, '_', '-' and '.' only");
            }

            if (tool.Parameters.FirstOrDefault(item => !IsName(item.Name)) is { } odd)
            {
                throw Invalid(source, $"gives the tool '{tool.Name}' a parameter '{odd.Name}'; a name has letters, digits, '_', '-' and '.' only");
            }

            if (!names.Add(tool.Name))
            {
                throw Invalid(source, $"has the tool '{tool.Name}' twice");
            }

            if (FirstRepeated(tool.Parameters.Select(item => item.Name)) is { } parameter)
            {
                throw Invalid(source, $"gives the tool '{tool.Name}' the parameter '{parameter}' twice");
            }

            if (FirstRepeated(tool.Dependencies) is { } dependency)
            {
                throw Invalid(source, $"lets the tool '{tool.Name}' depend on '{dependency}' twice");
            }

            if (tool.ErrorCodes.FirstOrDefault(code => !IsName(code)) is { } oddCode)
            {
                throw Invalid(source, $"gives the tool '{tool.Name}' an error code '{oddCode}'; a code has letters, digits, '_', '-' and '.' only");
            }

            if (tool.ErrorCodes.Count == 0)
            {
                throw Invalid(source, $"gives the tool '{tool.Name}' no error code; the simulator needs at least one to fail with");
            }
        }

        foreach (var tool in tools)
        {
            if (tool.Dependencies.FirstOrDefault(name => !names.Contains(name)) is { } unknown)
            {
                throw Invalid(source, $"lets the tool '{tool.Name}' depend on '{unknown}', which it does not hold");
            }
        }

        CheckForCircle(tools, source);
    }

    // Names stand in tags, plans and calls, where other characters would be taken for syntax.
    private static bool IsName(string text) => text.Length > 0 && text.All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.');

    private static string? FirstRepeated(IEnumerable<string> names) =>
        names.CountBy(name => name, StringComparer.Ordinal).Where(pair => pair.Value > 1).Select(pair => pair.Key).FirstOrDefault();

    private static void CheckForCircle(IReadOnlyList<ToolDefinition> tools, string source)
    {
        // A tool is free once all it depends on is free; what never gets free hangs on a circle. Each dependency is looked at once.
        var waitsFor = tools.ToDictionary(tool => tool.Name, tool => tool.Dependencies.Count, StringComparer.Ordinal);
        var dependents = tools.SelectMany(tool => tool.Dependencies.Select(name => (name, tool.Name))).ToLookup(pair => pair.name, pair => pair.Name, StringComparer.Ordinal);
        var free = new Queue<string>(tools.Where(tool => tool.Dependencies.Count == 0).Select(tool => tool.Name));
        while (free.TryDequeue(out var name))
        {
            waitsFor.Remove(name);
            foreach (var dependent in dependents[name].Where(dependent => --waitsFor[dependent] == 0))
            {
                free.Enqueue(dependent);
            }
        }

        if (waitsFor.Count > 0)
        {
            var named = tools.Select(tool => tool.Name).Where(waitsFor.ContainsKey).Take(MaxNamed).ToList();
            throw Invalid(source, $"has tools that depend on each other in a circle: {string.Join(", ", named)}{(waitsFor.Count > named.Count ? ", ..." : "")}");
        }
    }

    private static TestBatchException Invalid(string source, string problem) => ToolRegistryJson.Library(source).Invalid(problem);
}
