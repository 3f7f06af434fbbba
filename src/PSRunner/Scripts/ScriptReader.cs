using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using System.Text;
using PSRunner.Commands;

namespace PSRunner.Scripts;

/// <summary>Takes a script out of the user's shell: its text, the values of its <c>$using:</c> expressions, and what it will miss.</summary>
/// <param name="state">The shell's state.</param>
/// <param name="invoke">The shell's own means to evaluate an expression.</param>
internal sealed class ScriptReader(SessionState state, CommandInvocationIntrinsics invoke)
{
    /// <summary>A script block typed there.</summary>
    public ScriptCode Read(ScriptBlock block) => Read(block.ToString(), "", (ScriptBlockAst?)Body(block.Ast));

    /// <summary>A script file.</summary>
    /// <param name="path">A full path.</param>
    /// <exception cref="TestBatchException">It is not there, or does not parse.</exception>
    public ScriptCode ReadFile(string path)
    {
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.NoScript(path, e);
        }

        var ast = Parser.ParseInput(text, path, out _, out var errors);
        return errors.Length == 0 ? Read(text, path, ast) : throw Errors.DoesNotParse(path, errors[0]);
    }

    /// <summary>What the shell has and the script, which runs elsewhere, will not find: one sentence each.</summary>
    /// <param name="block">The script.</param>
    /// <param name="isPrepared">True when an initialization script may bring functions.</param>
    public IEnumerable<string> MissingThere(ScriptBlock block, bool isPrepared)
    {
        var missing = new MissingNames(block.Ast);
        foreach (var name in missing.Variables.Where(IsSetHere))
        {
            yield return $"${name} is set in this shell but not in the test, which runs elsewhere and will see nothing. Write $using:{name} to send its value.";
        }

        foreach (var name in isPrepared ? [] : missing.Commands.Where(IsFunctionHere))
        {
            yield return $"{name} is a function of this shell; the test runs elsewhere and will not find it. Define or import it with -InitializationScript {{ ... }}.";
        }
    }

    private ScriptCode Read(string text, string file, ScriptBlockAst? ast) => new() { Text = text, File = file, Using = ReadUsing(ast) };

    private static Ast? Body(Ast ast) => ast is FunctionDefinitionAst function ? function.Body : ast;

    private string ReadUsing(ScriptBlockAst? ast)
    {
        var values = new Hashtable(StringComparer.Ordinal);
        foreach (var expression in ast?.FindAll(a => a is UsingExpressionAst, searchNestedScriptBlocks: true).Cast<UsingExpressionAst>() ?? [])
        {
            values[KeyOf(expression)] = ValueOf(expression);
        }

        return values.Count == 0 ? "" : InputObject.Serialize(values, "$using:");
    }

    // PowerShell looks the value up by this key; a plain variable's is in lower case.
    private static string KeyOf(UsingExpressionAst expression)
    {
        var text = expression.Extent.Text;
        return Convert.ToBase64String(Encoding.Unicode.GetBytes(expression.SubExpression is VariableExpressionAst ? text.ToLowerInvariant() : text));
    }

    private object? ValueOf(UsingExpressionAst expression)
    {
        object? value;
        if (expression.SubExpression is VariableExpressionAst variable)
        {
            value = state.PSVariable.GetValue(variable.VariablePath.UserPath);
        }
        else
        {
            var text = expression.Extent.Text.Replace("using:", "", StringComparison.OrdinalIgnoreCase);
            value = invoke.InvokeScript(text) is [var single] ? single : throw Errors.NotSendable(expression.Extent.Text, "is not one value", null);
        }

        // Told by its own name, and alone: the whole table goes through the same check again.
        InputObject.Serialize(value, expression.Extent.Text);
        return value;
    }

    private bool IsSetHere(string name) =>
        state.PSVariable.Get(name) is { Value: not null } variable && (variable.Options & (ScopedItemOptions.Constant | ScopedItemOptions.ReadOnly)) == 0;

    private bool IsFunctionHere(string name) => state.InvokeCommand.GetCommand(name, CommandTypes.Function) is FunctionInfo { Module: null };
}
