using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Scripts;

/// <summary>A script, parsed once, and how input binds to its parameters.</summary>
internal sealed class LoadedScript
{
    private readonly List<(string Name, HashSet<string> Names)> _parameters;
    private readonly bool _firstIsPiped;

    public LoadedScript(ScriptCode code)
    {
        var ast = Parser.ParseInput(code.Text, code.File, out _, out _);
        Block = ast.GetScriptBlock();
        IsConfined = Confinement.Holds(ast);
        TakesPipeline = ast.ProcessBlock is not null;
        Using = code.Using.Length == 0 ? null : (Hashtable)((PSObject)PSSerializer.Deserialize(code.Using)).BaseObject;
        var parameters = ast.ParamBlock?.Parameters ?? Enumerable.Empty<ParameterAst>();
        _parameters = [.. parameters.Select(p => (p.Name.VariablePath.UserPath, NamesOf(p)))];
        _firstIsPiped = TakesPipeline && parameters.FirstOrDefault() is { } first && first.Attributes.OfType<AttributeAst>()
            .Any(a => a.NamedArguments.Any(n => n.ArgumentName.StartsWith("ValueFromPipeline", StringComparison.OrdinalIgnoreCase)));
    }

    public ScriptBlock Block { get; }

    /// <summary>True when it can leave nothing behind in its runspace.</summary>
    public bool IsConfined { get; }

    /// <summary>True when it has a process block, in which alone $_ is the input.</summary>
    public bool TakesPipeline { get; }

    public Hashtable? Using { get; }

    /// <summary>A row's values by name; else, or when no name fits, the object as the first parameter.</summary>
    public (Hashtable Named, object?[] Positional) Bind(object? item)
    {
        var named = new Hashtable(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, value) in InputObject.RowOf(item) ?? [])
        {
            if (_parameters.Find(p => p.Names.Contains(key)) is { Name: { } name })
            {
                named[name] = value;
            }
        }

        return (named, named.Count > 0 || _parameters.Count == 0 || _firstIsPiped ? [] : [item]);
    }

    /// <summary>The object as the first parameter, and other values by name.</summary>
    public (Hashtable Named, object?[] Positional) Bind(object? item, object? values)
    {
        var (named, _) = Bind(values);
        return (named, _parameters.Count == 0 || _firstIsPiped || named.ContainsKey(_parameters[0].Name) ? [] : [item]);
    }

    private static HashSet<string> NamesOf(ParameterAst parameter)
    {
        var aliases = parameter.Attributes.OfType<AttributeAst>().Where(a => a.TypeName.Name.Equals("Alias", StringComparison.OrdinalIgnoreCase))
            .SelectMany(a => a.PositionalArguments.OfType<StringConstantExpressionAst>()).Select(text => text.Value);
        return new HashSet<string>([parameter.Name.VariablePath.UserPath, .. aliases], StringComparer.OrdinalIgnoreCase);
    }
}
