using System.Globalization;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Models;

/// <summary>What a provider can do to a request.</summary>
internal enum Fault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>Never answers.</summary>
    Hang,

    /// <summary>Answers one character a second, for ever.</summary>
    Drip,

    /// <summary>429 with Retry-After.</summary>
    Throttle,

    /// <summary>500.</summary>
    ServerError,

    /// <summary>Breaks the connection.</summary>
    Connection,

    /// <summary>Answers with nothing.</summary>
    Empty,

    /// <summary>Answers with something that is no reply.</summary>
    Garbage,
}

/// <summary>The chances of faults per request; they add up to at most 1.</summary>
internal sealed record FaultRates(
    double Hang = 0, double Drip = 0, double Throttle = 0, double ServerError = 0, double Connection = 0, double Empty = 0, double Garbage = 0)
{
    /// <summary>No faults.</summary>
    public static readonly FaultRates None = new();
}

/// <summary>Decides which requests go wrong, from case id, try and the request's number alone.</summary>
internal static class FaultPlan
{
    /// <summary>The fault of one request.</summary>
    /// <param name="rates">The chances.</param>
    /// <param name="caseId">The case.</param>
    /// <param name="tryNumber">The try; so that what failed once may work the next time.</param>
    /// <param name="request">The request's number in its attempt, from 1.</param>
    public static Fault Of(FaultRates rates, string caseId, int tryNumber, int request)
    {
        var drawn = new SeededRandom(string.Create(CultureInfo.InvariantCulture, $"fault/{caseId}/{tryNumber}/{request}")).NextDouble();
        foreach (var (fault, rate) in (ReadOnlySpan<(Fault, double)>)
            [
                (Fault.Hang, rates.Hang), (Fault.Drip, rates.Drip), (Fault.Throttle, rates.Throttle), (Fault.ServerError, rates.ServerError),
                (Fault.Connection, rates.Connection), (Fault.Empty, rates.Empty), (Fault.Garbage, rates.Garbage),
            ])
        {
            if (drawn < rate)
            {
                return fault;
            }

            drawn -= rate;
        }

        return Fault.None;
    }
}
