using System.Text;

namespace PSRunner.Engine.Execution;

/// <summary>
/// Values that an executor knows and that must reach no file, message or object. Whatever its attempts report is cleaned of
/// them in one place, before anything is done with it. Safe from any thread.
/// </summary>
public sealed class Secrets
{
    private readonly Lock _lock = new();
    private readonly HashSet<string> _values = new(StringComparer.Ordinal);
    private volatile SecretText[] _texts = [];

    /// <summary>Of executors that know none.</summary>
    public static Secrets None { get; } = new();

    /// <summary>Adds a value; one that is known already costs nothing. As many as a plan names, so no bound of its own.</summary>
    public void Add(string value)
    {
        lock (_lock)
        {
            if (_values.Add(value))
            {
                _texts = [.. _texts, new SecretText(value)];
            }
        }
    }

    /// <summary>A text without them.</summary>
    public string Redact(string text)
    {
        foreach (var secret in _texts)
        {
            text = secret.Redact(text);
        }

        return text;
    }

    /// <summary>A report without them: its message, its output, its files.</summary>
    public AttemptReport Redact(AttemptReport report) => _texts.Length == 0 ? report : report with
    {
        Message = Redact(report.Message),
        Output = Redact(report.Output),
        Metrics = report.Metrics.Keys.Any(name => Redact(name) != name) ? report.Metrics.Where(m => Redact(m.Key) == m.Key).ToDictionary() : report.Metrics,
        Artifacts = [.. report.Artifacts.Select(Redact)],
    };

    // A file that holds one is a text, whatever else it holds: bytes that are no UTF-8 in it may be lost.
    private Artifact Redact(Artifact artifact) =>
        _texts.Any(secret => secret.IsIn(artifact.Content.Span)) ? artifact with { Content = Encoding.UTF8.GetBytes(Redact(Encoding.UTF8.GetString(artifact.Content.Span))) } : artifact;
}
