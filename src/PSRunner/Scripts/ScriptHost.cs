using System.Globalization;
using System.Management.Automation.Host;

namespace PSRunner.Scripts;

/// <summary>The host of a script that nobody watches: it shows nothing, answers no question, and remembers an <c>exit</c>.</summary>
internal sealed class ScriptHost : PSHost
{
    /// <summary>What the script gave to <c>exit</c>; null while it did not.</summary>
    public int? ExitCode { get; set; }

    public override string Name => "PSRunner";

    public override Version Version { get; } = typeof(ScriptHost).Assembly.GetName().Version!;

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    // Without one PowerShell drops what is written and refuses what is asked.
    public override PSHostUserInterface? UI => null;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("A test has no prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("A test has no prompt.");

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }
}
