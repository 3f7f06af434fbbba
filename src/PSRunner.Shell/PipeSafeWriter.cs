using System.Text;

namespace PSRunner.Shell;

/// <summary>
/// A writer for a stream whose reader may go away (<c>psrunner ... | head</c>). A batch must outlive its audience: after
/// the first failed write the rest is dropped, with one word on the other stream.
/// </summary>
internal sealed class PipeSafeWriter(TextWriter target, TextWriter? complaints) : TextWriter(System.Globalization.CultureInfo.InvariantCulture)
{
    private readonly Lock _gate = new();
    private TextWriter _target = target;

    public override Encoding Encoding => _target.Encoding;

    public override void Write(char value) => Guard(value, static (writer, c) => writer.Write(c));

    public override void Write(string? value) => Guard(value, static (writer, text) => writer.Write(text));

    public override void WriteLine(string? value) => Guard(value, static (writer, text) => writer.WriteLine(text));

    public override void WriteLine() => Guard(0, static (writer, _) => writer.WriteLine());

    public override void Flush() => Guard(0, static (writer, _) => writer.Flush());

    private void Guard<T>(T value, Action<TextWriter, T> write)
    {
        lock (_gate)
        {
            try
            {
                write(_target, value);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or ObjectDisposedException)
            {
                _target = Null;
                Complain(e.Message);
            }
        }
    }

    private void Complain(string why)
    {
        try
        {
            complaints?.WriteLine($"psrunner: the output is closed ({why}); the work goes on without it.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Both streams are closed: there is nobody left to tell.
            _target = Null;
        }
    }
}
