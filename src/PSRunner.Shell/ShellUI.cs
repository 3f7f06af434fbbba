using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;

namespace PSRunner.Shell;

/// <summary>Output to standard output, errors and progress to standard error. It asks nothing of a script that runs unattended.</summary>
internal sealed class ShellUI : PSHostUserInterface
{
    private readonly PipeSafeWriter _stdout;
    private readonly PipeSafeWriter _stderr;
    private readonly bool _isInteractive;
    private readonly ProgressLine _progress;

    public ShellUI(PipeSafeWriter stdout, PipeSafeWriter stderr, bool isInteractive)
    {
        (_stdout, _stderr, _isInteractive) = (stdout, stderr, isInteractive);
        _progress = new ProgressLine(stderr, Console.IsErrorRedirected, TimeProvider.System);
        RawUI = new ShellRawUI();
        SupportsVirtualTerminal = !Console.IsOutputRedirected
            && string.IsNullOrEmpty(Environment.GetEnvironmentVariable("NO_COLOR"))
            && Environment.GetEnvironmentVariable("TERM") != "dumb";
    }

    public override PSHostRawUserInterface RawUI { get; }

    public override bool SupportsVirtualTerminal { get; }

    public void HideProgress() => _progress.Hide();

    // Taking colours out is the host's work; this asks $PSStyle.OutputRendering, too.
    public override void Write(string value) => To(_stdout).Write(GetOutputString(value, SupportsVirtualTerminal));

    public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Write(value);

    public override void WriteLine(string value) => To(_stdout).WriteLine(GetOutputString(value, SupportsVirtualTerminal));

    public override void WriteErrorLine(string value) => To(_stderr).WriteLine(GetOutputString(value, SupportsVirtualTerminal));

    public override void WriteWarningLine(string message) => To(_stderr).WriteLine("WARNING: " + message);

    public override void WriteVerboseLine(string message) => To(_stderr).WriteLine("VERBOSE: " + message);

    public override void WriteDebugLine(string message) => To(_stderr).WriteLine("DEBUG: " + message);

    public override void WriteProgress(long sourceId, ProgressRecord record) => _progress.Show(record, RawUI.WindowSize.Width);

    public override string ReadLine() => _isInteractive ? Console.ReadLine() ?? "" : throw Unattended();

    public override SecureString ReadLineAsSecureString() => throw Unattended();

    public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) =>
        throw Unattended();

    public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) =>
        throw Unattended();

    public override PSCredential PromptForCredential(
        string caption, string message, string userName, string targetName,
        PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Unattended();

    public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice)
    {
        if (!_isInteractive)
        {
            throw Unattended();
        }

        WriteLine(caption);
        WriteLine(message);
        Write(string.Join("  ", choices.Select(c => $"[{Key(c)}] {c.Label.Replace("&", "", StringComparison.Ordinal)}")) + ": ");
        var answer = ReadLine().Trim();
        var chosen = choices.Select(Key).ToList().FindIndex(key => key.Equals(answer, StringComparison.OrdinalIgnoreCase));
        return chosen < 0 ? defaultChoice : chosen;
    }

    private static string Key(ChoiceDescription choice)
    {
        var at = choice.Label.IndexOf('&', StringComparison.Ordinal);
        return at >= 0 && at + 1 < choice.Label.Length ? choice.Label.Substring(at + 1, 1) : choice.Label;
    }

    private static PSInvalidOperationException Unattended() =>
        new("psrunner asks no questions: a script that runs unattended would wait for ever. Give the value as a parameter.");

    private PipeSafeWriter To(PipeSafeWriter writer)
    {
        _progress.Hide();
        return writer;
    }
}
