namespace PSRunner.ModelServer;

/// <summary>Says which fault a request meets. The number counts requests from 1, in the order of their arrival.</summary>
/// <param name="number">The number of the request.</param>
/// <param name="request">The request.</param>
/// <returns>The fault; null: a proper answer.</returns>
public delegate Fault? FaultScript(long number, ChatRequest request);

/// <summary>Scripts that tests need.</summary>
public static class FaultScripts
{
    /// <summary>No faults.</summary>
    public static FaultScript None { get; } = (_, _) => null;

    /// <summary>The same fault always.</summary>
    public static FaultScript Always(Fault fault) => (_, _) => fault;

    /// <summary>A fault for <paramref name="count"/> requests from the <paramref name="first"/> on.</summary>
    public static FaultScript Burst(Fault fault, long first, long count) => (number, _) => number >= first && number < first + count ? fault : null;

    /// <summary>A share of the requests meets one of the faults; a request that comes again may meet another.</summary>
    public static FaultScript Mixed(double share, int seed, params Fault[] faults)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(faults.Length, 1);
        return (number, _) =>
        {
            var random = new Random(unchecked((seed * 7919) + ((int)number * 104_729)));
            return random.NextDouble() < share ? faults[random.Next(faults.Length)] : null;
        };
    }
}
