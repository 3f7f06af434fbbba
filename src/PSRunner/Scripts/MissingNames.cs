using System.Management.Automation.Language;
using System.Management.Automation.Runspaces;

namespace PSRunner.Scripts;

/// <summary>The names that a script uses and does not bring itself.</summary>
internal sealed class MissingNames
{
    private static readonly string[] Automatic =
    [
        "_", "$", "?", "^", "args", "error", "event", "eventargs", "eventsubscriber", "executioncontext", "false", "foreach", "home", "host",
        "input", "isCoreClr", "isLinux", "isMacOS", "isWindows", "lastexitcode", "matches", "myinvocation", "nestedpromptlevel", "null", "pid",
        "profile", "psboundparameters", "pscmdlet", "pscommandpath", "psculture", "psitem", "psscriptroot", "psuiculture", "psversiontable",
        "pwd", "sender", "shellid", "stacktrace", "switch", "this", "true", "psedition", "pshome", "enabledexperimentalfeatures",
    ];

    private static readonly HashSet<string> BuiltIn = new(
        [.. Automatic, .. InitialSessionState.CreateDefault2().Variables.Select(v => v.Name)], StringComparer.OrdinalIgnoreCase);

    /// <param name="ast">The script.</param>
    public MissingNames(Ast ast)
    {
        var set = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var found in ast.FindAll(static a => a is AssignmentStatementAst or ParameterAst or ForEachStatementAst or FunctionDefinitionAst, searchNestedScriptBlocks: true))
        {
            switch (found)
            {
                case AssignmentStatementAst assignment: set.UnionWith(assignment.Left.FindAll(static a => a is VariableExpressionAst, false).Select(NameOf)); break;
                case ParameterAst parameter: set.Add(NameOf(parameter.Name)); break;
                case ForEachStatementAst loop: set.Add(NameOf(loop.Variable)); break;
                case FunctionDefinitionAst function: set.Add(function.Name); break;
                default: break;
            }
        }

        Variables = [.. ast.FindAll(static a => a is VariableExpressionAst { VariablePath: { IsVariable: true, IsUnqualified: true } } && !IsOfUsing(a), searchNestedScriptBlocks: true)
            .Select(NameOf).Where(name => !set.Contains(name) && !BuiltIn.Contains(name)).Distinct(StringComparer.OrdinalIgnoreCase)];
        Commands = [.. ast.FindAll(static a => a is CommandAst, searchNestedScriptBlocks: true).Select(a => ((CommandAst)a).GetCommandName())
            .Where(name => name is not null && !set.Contains(name)).Distinct(StringComparer.OrdinalIgnoreCase)];
    }

    /// <summary>Variables that are read and never set.</summary>
    public IReadOnlyList<string> Variables { get; }

    /// <summary>Commands that are called and not defined.</summary>
    public IReadOnlyList<string> Commands { get; }

    // $using:row.name and $using:list[1] are one expression each.
    private static bool IsOfUsing(Ast? ast)
    {
        while (ast is not null and not UsingExpressionAst and not StatementAst)
        {
            ast = ast.Parent;
        }

        return ast is UsingExpressionAst;
    }

    private static string NameOf(Ast variable) => ((VariableExpressionAst)variable).VariablePath.UserPath;
}
