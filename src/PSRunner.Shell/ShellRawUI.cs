using System.Globalization;
using System.Management.Automation.Host;

namespace PSRunner.Shell;

/// <summary>The size of the terminal; nothing else of a console is offered.</summary>
internal sealed class ShellRawUI : PSHostRawUserInterface
{
    private const int DefaultWidth = 80;
    private const int DefaultHeight = 25;

    public override ConsoleColor ForegroundColor { get; set; } = ConsoleColor.Gray;

    public override ConsoleColor BackgroundColor { get; set; } = ConsoleColor.Black;

    public override Coordinates CursorPosition { get; set; }

    public override Coordinates WindowPosition { get; set; }

    public override int CursorSize { get; set; } = 1;

    public override Size BufferSize
    {
        get => WindowSize;
        set { }
    }

    public override Size WindowSize
    {
        get => new(Width(), DefaultHeight);
        set { }
    }

    public override Size MaxWindowSize => WindowSize;

    public override Size MaxPhysicalWindowSize => WindowSize;

    public override string WindowTitle { get; set; } = "psrunner";

    public override bool KeyAvailable => false;

    public override void FlushInputBuffer()
    {
    }

    public override KeyInfo ReadKey(ReadKeyOptions options) => throw new NotSupportedException("psrunner reads lines, not keys.");

    public override BufferCell[,] GetBufferContents(Rectangle rectangle) => throw new NotSupportedException("psrunner has no screen buffer.");

    public override void SetBufferContents(Coordinates origin, BufferCell[,] contents) => throw new NotSupportedException("psrunner has no screen buffer.");

    public override void SetBufferContents(Rectangle rectangle, BufferCell fill) => throw new NotSupportedException("psrunner has no screen buffer.");

    public override void ScrollBufferContents(Rectangle source, Coordinates destination, Rectangle clip, BufferCell fill) =>
        throw new NotSupportedException("psrunner has no screen buffer.");

    private static int Width()
    {
        if (!Console.IsOutputRedirected && Console.WindowWidth > 0)
        {
            return Console.WindowWidth;
        }

        return int.TryParse(Environment.GetEnvironmentVariable("COLUMNS"), NumberStyles.None, CultureInfo.InvariantCulture, out var columns) && columns > 0
            ? columns
            : DefaultWidth;
    }
}
