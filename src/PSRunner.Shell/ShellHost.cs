using System.Globalization;
using System.Management.Automation.Host;

namespace PSRunner.Shell;

/// <summary>What the PowerShell engine needs to know of the program around it.</summary>
internal sealed class ShellHost(PipeSafeWriter stdout, PipeSafeWriter stderr, bool isInteractive) : PSHost
{
    private readonly ShellUI _ui = new(stdout, stderr, isInteractive);

    /// <summary>What a script gave to <c>exit</c>; null while none did.</summary>
    public int? ExitCode { get; private set; }

    public override string Name => "psrunner";

    public override Version Version { get; } = typeof(ShellHost).Assembly.GetName().Version ?? new Version(0, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.CurrentCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.CurrentUICulture;

    public override PSHostUserInterface UI => _ui;

    public override void SetShouldExit(int exitCode) => ExitCode = exitCode;

    public override void EnterNestedPrompt() => throw new NotSupportedException("psrunner has no nested prompt.");

    public override void ExitNestedPrompt() => throw new NotSupportedException("psrunner has no nested prompt.");

    // A native command writes to the terminal itself: the progress line must not be in its way.
    public override void NotifyBeginApplication() => _ui.HideProgress();

    public override void NotifyEndApplication()
    {
    }
}
