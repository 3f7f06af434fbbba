using System.Management.Automation;
using System.Management.Automation.Language;

namespace PSRunner.Scripts;

/// <summary>
/// Tells scripts that can leave nothing behind in their runspace, because they call no command and name nothing outside
/// their own scope: restoring a runspace takes longer than running such a script.
/// </summary>
internal static class Confinement
{
    // The ways from an expression to the runspace around it.
    private static readonly HashSet<string> Doors = new(["executioncontext", "pscmdlet", "host", "myinvocation", "this", "error", "psdefaultparametervalues"], StringComparer.OrdinalIgnoreCase);

    /// <summary>True when the script is confined; false in doubt.</summary>
    public static bool Holds(ScriptBlockAst script) => script.Find(IsWayOut, searchNestedScriptBlocks: true) is null;

    private static bool IsWayOut(Ast ast) => ast switch
    {
        VariableExpressionAst variable => variable.Parent is not UsingExpressionAst && (!variable.VariablePath.IsUnqualified || Doors.Contains(variable.VariablePath.UserPath)),
        TypeExpressionAst type => IsPowerShell(type.TypeName),
        ConvertExpressionAst convert => IsPowerShell(convert.Type.TypeName),
        CommandAst or FunctionDefinitionAst or TypeDefinitionAst or UsingStatementAst or TrapStatementAst => true,
        _ => false,
    };

    private static bool IsPowerShell(ITypeName name) =>
        name.GetReflectionType() is not { } type || (type.Assembly == typeof(PSObject).Assembly && type != typeof(PSCustomObject) && type != typeof(PSObject));
}
