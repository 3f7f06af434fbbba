using System.Collections.Concurrent;
using System.Collections.ObjectModel;
using System.Globalization;
using System.Management.Automation;
using System.Management.Automation.Host;
using System.Security;
using System.Text;

namespace PSRunner.Module.Tests.Hosting;

/// <summary>A host of 80 columns that keeps what is shown and fails a test that is asked something.</summary>
internal sealed class CapturingHost : PSHost
{
    private readonly CapturingUI _ui = new();

    /// <summary>Everything that would be on the screen, lines ended by \n.</summary>
    public string Screen => _ui.Text;

    /// <summary>The status lines of the progress records, in order.</summary>
    public IReadOnlyCollection<ProgressRecord> Progress => _ui.Progress;

    /// <summary>True: the console is closed, and whoever writes there is told so as .NET tells it.</summary>
    public bool IsClosed { get => _ui.IsClosed; set => _ui.IsClosed = value; }

    public override string Name => "test";

    public override Version Version { get; } = new(1, 0);

    public override Guid InstanceId { get; } = Guid.NewGuid();

    public override CultureInfo CurrentCulture => CultureInfo.InvariantCulture;

    public override CultureInfo CurrentUICulture => CultureInfo.InvariantCulture;

    public override PSHostUserInterface UI => _ui;

    public override void EnterNestedPrompt() => throw new NotSupportedException();

    public override void ExitNestedPrompt() => throw new NotSupportedException();

    public override void NotifyBeginApplication()
    {
    }

    public override void NotifyEndApplication()
    {
    }

    public override void SetShouldExit(int exitCode)
    {
    }

    private sealed class CapturingUI : PSHostUserInterface
    {
        private readonly Lock _lock = new();
        private readonly StringBuilder _text = new();
        private readonly ConcurrentQueue<ProgressRecord> _progress = new();

        public string Text
        {
            get
            {
                lock (_lock)
                {
                    return _text.ToString();
                }
            }
        }

        public IReadOnlyCollection<ProgressRecord> Progress => _progress;

        public bool IsClosed { get; set; }

        public override PSHostRawUserInterface RawUI { get; } = new FixedRawUI();

        public override bool SupportsVirtualTerminal => false;

        public override void Write(string value) => Append(value);

        public override void Write(ConsoleColor foregroundColor, ConsoleColor backgroundColor, string value) => Append(value);

        public override void WriteLine(string value) => Append(value + "\n");

        public override void WriteErrorLine(string value) => Append("ERROR: " + value + "\n");

        public override void WriteWarningLine(string message) => Append("WARNING: " + message + "\n");

        public override void WriteVerboseLine(string message) => Append("VERBOSE: " + message + "\n");

        public override void WriteDebugLine(string message) => Append("DEBUG: " + message + "\n");

        public override void WriteProgress(long sourceId, ProgressRecord record)
        {
            Append("");
            _progress.Enqueue(record);
        }

        public override string ReadLine() => throw Asked();

        public override SecureString ReadLineAsSecureString() => throw Asked();

        public override Dictionary<string, PSObject> Prompt(string caption, string message, Collection<FieldDescription> descriptions) => throw Asked();

        public override int PromptForChoice(string caption, string message, Collection<ChoiceDescription> choices, int defaultChoice) => throw Asked();

        public override PSCredential PromptForCredential(string caption, string message, string userName, string targetName) => throw Asked();

        public override PSCredential PromptForCredential(
            string caption, string message, string userName, string targetName,
            PSCredentialTypes allowedCredentialTypes, PSCredentialUIOptions options) => throw Asked();

        private static InvalidOperationException Asked() => new("Nothing may ask.");

        private void Append(string text)
        {
            if (IsClosed)
            {
                throw new UnauthorizedAccessException("Access to the path is denied.");
            }

            lock (_lock)
            {
                _text.Append(GetOutputString(text, supportsVirtualTerminal: false));
            }
        }
    }

    private sealed class FixedRawUI : PSHostRawUserInterface
    {
        public override ConsoleColor ForegroundColor { get; set; }

        public override ConsoleColor BackgroundColor { get; set; }

        public override Coordinates CursorPosition { get; set; }

        public override Coordinates WindowPosition { get; set; }

        public override int CursorSize { get; set; } = 1;

        public override Size BufferSize { get; set; } = new(80, 25);

        public override Size WindowSize { get; set; } = new(80, 25);

        public override Size MaxWindowSize => WindowSize;

        public override Size MaxPhysicalWindowSize => WindowSize;

        public override string WindowTitle { get; set; } = "";

        public override bool KeyAvailable => false;

        public override void FlushInputBuffer()
        {
        }

        public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException();

        public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException();

        public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException();

        public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException();

        public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
            throw new NotSupportedException();
    }
}
