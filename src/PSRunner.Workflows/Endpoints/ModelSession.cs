using Microsoft.Extensions.AI;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Processes;
using PSRunner.Workflows.Endpoints.Rates;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Endpoints;

/// <summary>
/// The endpoints in one session of one batch: sends a canary before the first case of each, lets cases begin only as their
/// rate has room for them, counts what is used, and keeps a record of it in the run folder.
/// </summary>
internal sealed class ModelSession : ILaneSteering
{
    private static readonly TimeSpan LongestCanaryRequest = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan RecordEvery = TimeSpan.FromSeconds(1);

    private readonly SteeringFacts _facts;
    private readonly BatchCap _cap;
    private readonly EndpointRecord _record;
    private readonly EmbeddedModels _embedded;
    private readonly RateGate _embeddedGate;
    private readonly Dictionary<string, SteeredLane> _lanes;
    private readonly CancellationTokenSource _ended = new();
    private readonly Task _canaries;
    private readonly HashSet<string> _unshared = [];
    private readonly int _mostInFlight;
    private long _recordedAt;

    /// <param name="facts">The session.</param>
    /// <param name="endpoints">The endpoints that its cases need.</param>
    /// <param name="embedded">The embedded models, which come under the caps of the batch, too.</param>
    public ModelSession(SteeringFacts facts, IEnumerable<ResolvedEndpoint> endpoints, EmbeddedModels embedded)
    {
        _facts = facts;
        _embedded = embedded;
        _record = EndpointRecord.Open(facts.RunFolder, facts.Number);
        var pace = new Pace(facts.Options.RequestsPerSecond ?? double.PositiveInfinity, facts.Time);
        _cap = new BatchCap(new Budget(facts.Options, UsedBefore(), OnExhausted), pace, facts.Time);
        _embeddedGate = new RateGate(new RateOptions { IsFixed = true, MaxInFlight = int.MaxValue }, facts.Time);
        _lanes = endpoints.Select(e => new SteeredLane(e, DeploymentHub.Shared.Open(e.Endpoint, e.Keys, facts.Options.FixedRate, facts.Options.RequestsPerSecond), LaneOf(e.Endpoint.Name)))
            .ToDictionary(lane => lane.Name, StringComparer.OrdinalIgnoreCase);
        foreach (var name in embedded.Names.Where(name => LaneOf(name) >= 0))
        {
            _lanes.Add(name, new SteeredLane(name, _embeddedGate, LaneOf(name)));
        }

        _mostInFlight = MostInFlight();
        try
        {
            Beat();
        }
        catch
        {
            Close(); // Nobody has the object to dispose of.
            throw;
        }

        foreach (var lane in _lanes.Values.Where(lane => lane.Open is not null))
        {
            lane.Looked = Task.Run(() => LookAsync(lane));
        }

        _canaries = Task.WhenAll(_lanes.Values.Select(lane => lane.Looked));
    }

    /// <inheritdoc/>
    public string Limits => string.Join("; ", _lanes.Values.Select(lane => lane.Describe()).Where(text => text.Length > 0));

    /// <inheritdoc/>
    public void Beat()
    {
        var pace = _cap.Pace.Rate / Math.Max(1, _lanes.Count);
        foreach (var lane in _lanes.Values.Where(lane => lane.Number >= 0))
        {
            if (lane.NextAllowance(pace, lane.Open is null ? int.MaxValue : _mostInFlight) is { } allowed)
            {
                _facts.Allow(lane.Number, allowed);
            }
        }

        NoteTroubles();
        if (_recordedAt == 0 || _facts.Time.GetElapsedTime(_recordedAt) >= RecordEvery)
        {
            _recordedAt = _facts.Time.GetTimestamp();
            _record.Write(_cap.Budget.Used, _lanes.Values, isLast: false);
        }
    }

    /// <inheritdoc/>
    public void SetRequestsPerSecond(double rate)
    {
        _cap.Pace.Set(rate);
        foreach (var lane in _lanes.Values)
        {
            lane.LookAgain();
        }

        _embeddedGate.LookAgain();
    }

    /// <summary>A model's client for one attempt, under the caps of the batch.</summary>
    /// <exception cref="TestBatchException">ModelUnknown.</exception>
    public IChatClient Create(string model, AttemptContext context)
    {
        var lane = _lanes.GetValueOrDefault(model);
        if (lane?.Open is not { } open)
        {
            return new AttemptClient(_embedded.Create(model, context), lane) { Turn = new RequestTurn(_cap, _embeddedGate, context.WaitForRate) };
        }

        var log = new RequestLog(context.Time, _cap, context.WaitForRate) { Prices = lane.Prices };
        return new AttemptClient(new EndpointClient(open.Endpoint, log, context.Limits.Request), lane) { StopClocks = context.WaitForRate };
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _ended.Cancel();
        if (!_canaries.Wait(CloseLimit, CancellationToken.None))
        {
            _facts.Note("A first request to an endpoint does not end; it is left alone.");
        }

        try
        {
            _record.Write(_cap.Budget.Used, _lanes.Values, isLast: true);
        }
        finally
        {
            // A full disk must not keep connections and keys open for as long as the process lives.
            Close();
        }
    }

    private void Close()
    {
        foreach (var lane in _lanes.Values)
        {
            lane.Open?.Dispose();
        }

        _embeddedGate.Dispose();
        _ended.Dispose();
    }

    private int MostInFlight()
    {
        var most = OpenFiles.MostRequests() / Math.Max(1, _lanes.Values.Count(lane => lane.Open is not null));
        if (_lanes.Values.Any(lane => lane.Open is not null) && most < _facts.Throttle)
        {
            _facts.Note($"At most {Math.Max(1, most)} tests of an endpoint run at once: this process may open {OpenFiles.Limit()} files and sockets (ulimit -n), and needs some of them for itself.");
        }

        return Math.Max(1, most);
    }

    private void NoteTroubles()
    {
        foreach (var lane in _lanes.Values)
        {
            if (lane.Open?.Endpoint.Deployments.FirstOrDefault(d => d.Book?.Trouble is not null)?.Book!.Trouble is { } trouble && _unshared.Add(lane.Name))
            {
                _facts.Note($"The rates of endpoint '{lane.Name}' cannot be shared with other processes, so each keeps to them by itself: {trouble}");
            }
        }
    }

    private int LaneOf(string model)
    {
        for (var number = 0; number < _facts.Lanes.Count; number++)
        {
            if (_facts.Lanes[number].Equals("model:" + model, StringComparison.OrdinalIgnoreCase))
            {
                return number;
            }
        }

        return -1;
    }

    // The record lags by a second behind what a killed session sent; what its durable results say was used, was.
    private Usage UsedBefore() =>
        _facts.Number > 1 && _facts.Options is not { MaxRequests: null, MaxTokens: null, MaxCost: null } ? _record.Used.AtLeast(_facts.EarlierResults()) : _record.Used;

    private void OnExhausted(string spent) =>
        _facts.End(BatchStates.BudgetReached, $"The budget is used up: {spent}. To go on, resume with a higher one.");

    private async Task LookAsync(SteeredLane lane)
    {
        try
        {
            var limit = _facts.RequestLimit < LongestCanaryRequest ? _facts.RequestLimit : LongestCanaryRequest;
            var finding = await Canary.LookAsync(
                lane.Open!.Endpoint, lane.Native, new RequestLog(_facts.Time, _cap) { Prices = lane.Prices }, limit, _facts.Time, _ended.Token).ConfigureAwait(false);
            lane.Finding = finding;
            if (finding.IsFinal)
            {
                var why = $"the first request to endpoint '{lane.Name}' failed: {finding.Cause}: {finding.Message.TrimEnd('.')}";
                if (lane.Number >= 0)
                {
                    _facts.StopLane(lane.Number, why);
                }
                else
                {
                    _facts.Postpone($"The tests of model '{lane.Name}' stay pending: {why}.");
                }

                return;
            }

            if (!finding.IsHealthy)
            {
                _facts.Note($"Endpoint '{lane.Name}' is not well: {finding.Message.TrimEnd('.')}. Its tests begin all the same.");
            }
        }
        catch (OperationCanceledException) when (_ended.IsCancellationRequested)
        {
            return;
        }
#pragma warning disable CA1031 // Told to the user; the cases themselves will show whether the endpoint works.
        catch (Exception e)
        {
            _facts.Note($"The first request to endpoint '{lane.Name}' could not be made: {lane.Open!.Endpoint.Redact(e.Message)}");
        }
#pragma warning restore CA1031

        lane.Begin();
        if (lane.Number >= 0 && lane.NextAllowance(_cap.Pace.Rate, _mostInFlight) is { } allowed)
        {
            _facts.Allow(lane.Number, allowed);
        }
    }
}
