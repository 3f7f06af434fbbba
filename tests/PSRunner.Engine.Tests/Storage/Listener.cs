using Microsoft.Extensions.Time.Testing;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Tests.Storage;

/// <summary>Keeps what a journal said, and waits for it.</summary>
internal sealed class Listener : IJournalListener
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly object _gate = new();

    public Action<string> Says { get; init; } = static _ => { };

    public List<JournalRecord> Written { get; } = [];

    public List<JournalRecord> Durable { get; } = [];

    public List<ClosedFile> Closed { get; } = [];

    public List<string> Troubles { get; } = [];

    public int Recovered { get; private set; }

    public void OnWritten(IReadOnlyList<JournalRecord> records) => Note("written", () => Written.AddRange(records));

    public void OnDurable(IReadOnlyList<JournalRecord> records) => Note("durable", () => Durable.AddRange(records));

    public void OnClosed(ClosedFile file) => Note("closed", () => Closed.Add(file));

    public void OnTrouble(string what, Exception e) => Note("trouble", () => Troubles.Add(what));

    public void OnRecovered() => Note("recovered", () => Recovered++);

    public void WaitFor(Func<bool> condition)
    {
        lock (_gate)
        {
            while (!condition())
            {
                Assert.True(Monitor.Wait(_gate, Patience), "It did not happen.");
            }
        }
    }

    /// <summary>Lets time pass until it happened.</summary>
    public void WaitFor(FakeTimeProvider time, Func<bool> condition)
    {
        lock (_gate)
        {
            for (var i = 0; !condition(); i++)
            {
                Assert.True(i < 6_000, "It did not happen.");
                time.Advance(TimeSpan.FromSeconds(1));
                Monitor.Wait(_gate, TimeSpan.FromMilliseconds(10));
            }
        }
    }

    private void Note(string word, Action note)
    {
        lock (_gate)
        {
            note();
            Says(word);
            Monitor.PulseAll(_gate);
        }
    }
}
