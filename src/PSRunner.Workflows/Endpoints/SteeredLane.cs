using System.Globalization;
using PSRunner.Workflows.Endpoints.Rates;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// A model's lane in a session. Its cases begin only while less than two seconds of its rate wait, so that our own limit
/// cannot use up the time of a test.
/// </summary>
internal sealed class SteeredLane
{
    private const double AheadSeconds = 2;

    /// <summary>What may run while an endpoint has not answered once: as many as it takes to stop a lane by errors in a row.</summary>
    private const int MostUnanswered = 20;

    private readonly IReadOnlyList<Deployment> _deployments;
    private readonly IReadOnlyList<RateGate> _gates;
    private int _entered;
    private int _begun;
    private int _allowed = -1;

    /// <summary>The lane of an endpoint. Closed until <see cref="Begin"/>.</summary>
    public SteeredLane(ResolvedEndpoint endpoint, OpenEndpoint open, int number)
    {
        Name = endpoint.Endpoint.Name;
        Native = endpoint.Native;
        Prices = new Prices(endpoint.Endpoint.InputPrice, endpoint.Endpoint.OutputPrice);
        Open = open;
        Number = number;
        _deployments = open.Endpoint.Deployments;
        _gates = [.. _deployments.Select(d => d.Gate)];
    }

    /// <summary>The lane of an embedded model.</summary>
    public SteeredLane(string name, RateGate gate, int number)
    {
        Name = name;
        Number = number;
        _deployments = [];
        _gates = [gate];
        _begun = 1;
    }

    /// <summary>The model's name.</summary>
    public string Name { get; }

    /// <summary>The endpoint; null for an embedded model.</summary>
    public OpenEndpoint? Open { get; }

    /// <summary>True when its cases use native function calls.</summary>
    public bool Native { get; }

    /// <summary>What its tokens cost.</summary>
    public Prices Prices { get; } = Prices.Unknown;

    /// <summary>The lane's number in the plan; -1: its cases compete for something else.</summary>
    public int Number { get; }

    /// <summary>What the first requests showed; null: they did not end yet.</summary>
    public CanaryFinding? Finding { get; set; }

    /// <summary>Done when the first requests have ended, whatever they showed.</summary>
    public Task Looked { get; set; } = Task.CompletedTask;

    /// <summary>An attempt has sent its first request: what it does from now on shows in the queue.</summary>
    public void Enter() => Interlocked.Increment(ref _entered);

    /// <summary>An attempt that had entered ended.</summary>
    public void Leave() => Interlocked.Decrement(ref _entered);

    /// <summary>Cases may begin.</summary>
    public void Begin() => Volatile.Write(ref _begun, 1);

    /// <summary>The rate of the batch is another: who waits for it may go sooner.</summary>
    public void LookAgain()
    {
        foreach (var gate in _gates)
        {
            gate.LookAgain();
        }
    }

    /// <summary>How many cases may run at once; null: as many as it said last.</summary>
    /// <param name="pace">The share of the batch's own cap, in requests per second; infinity: none.</param>
    /// <param name="most">The share of the requests that the machine can have in flight.</param>
    public int? NextAllowance(double pace, int most)
    {
        var allowed = Volatile.Read(ref _begun) == 0 ? 0 : (int)Math.Min(HasAnswered ? most : Math.Min(most, MostUnanswered), (double)Volatile.Read(ref _entered) + Room(pace));
        return Interlocked.Exchange(ref _allowed, allowed) == allowed ? null : allowed;
    }

    /// <summary>Its limits for people; empty when there are none.</summary>
    public string Describe()
    {
        if (Open is null)
        {
            return "";
        }

        var usable = _deployments.Where(d => !d.IsClosed && !d.IsBroken).Select(d => d.Gate.Snapshot()).ToList();
        if (usable.Count == 0)
        {
            return $"{Name} held back";
        }

        var (rate, inFlight, held) = (usable.Sum(s => s.RequestsPerSecond), usable.Sum(s => s.InFlight), usable.Min(s => s.HeldFor));
        return string.Create(CultureInfo.InvariantCulture, $"{Name} {(double.IsInfinity(rate) ? "" : $"{rate:0.0#}/s, ")}{inFlight} in flight")
            + (held > TimeSpan.FromSeconds(1) ? $", held {DisplayText.Duration(held.TotalSeconds)}" : "");
    }

    private bool HasAnswered => _deployments.Count == 0 || _deployments.Any(d => d.HasAnswered);

    // What has begun and not entered yet will send its first request any moment.
    private double Room(double pace)
    {
        // What waits to send again will try the endpoint when it is time; without any such, one case has to.
        if (_deployments.Count > 0 && _deployments.All(d => d.IsFailing))
        {
            return Volatile.Read(ref _entered) == 0 && _deployments.Any(d => !d.IsBroken) ? 1 : 0;
        }

        var (rate, queued, held) = (0.0, 0, double.PositiveInfinity);
        for (var i = 0; i < _gates.Count; i++)
        {
            queued += _gates[i].Queued;
            if (_deployments.Count == 0 || !_deployments[i].IsBroken)
            {
                var state = _gates[i].Snapshot();
                rate += state.RequestsPerSecond;
                held = Math.Min(held, state.HeldFor.TotalSeconds);
            }
        }

        rate = Math.Min(rate, pace);
        var room = Math.Ceiling((AheadSeconds - held) * rate) - queued;
        return held >= AheadSeconds || queued >= AheadSeconds * rate ? 0 : Math.Max(1, room);
    }
}
