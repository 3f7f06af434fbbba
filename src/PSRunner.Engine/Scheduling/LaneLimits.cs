using System.Collections.Frozen;

namespace PSRunner.Engine.Scheduling;

/// <summary>How many cases of a lane may run at once: a resource that a user named has a limit, an endpoint's lane has its rate.</summary>
internal static class LaneLimits
{
    private const int MostAtOnce = 10_000;

    /// <summary>The limits of the lanes that have one.</summary>
    /// <param name="given">What the user gave.</param>
    /// <param name="cases">Cases by lane; null: not known yet.</param>
    /// <exception cref="TestBatchException"><c>ResourceUnknown</c>: no case needs it. <c>LimitOutOfRange</c>.</exception>
    public static FrozenDictionary<string, int> Resolve(IReadOnlyDictionary<string, int>? given, IReadOnlyDictionary<string, int>? cases)
    {
        // One at a time is what anyone who names a GPU must be able to rely on.
        var limits = (cases?.Keys ?? []).Where(IsResource).ToDictionary(lane => lane, _ => 1, StringComparer.OrdinalIgnoreCase);
        foreach (var (name, limit) in given ?? FrozenDictionary<string, int>.Empty)
        {
            if (limit is < 1 or > MostAtOnce)
            {
                throw new TestBatchException(
                    "LimitOutOfRange", ErrorKind.InvalidArgument, $"-ResourceLimit {name} = {limit} is out of range. Give 1 to {MostAtOnce}.", limit);
            }

            if (cases is not null && !limits.ContainsKey(name))
            {
                var known = limits.Count == 0 ? "no case names a resource (-Resource of New-CommandTest and its kin)" : $"there are {string.Join(", ", limits.Keys)}";
                throw new TestBatchException(
                    "ResourceUnknown", ErrorKind.InvalidArgument, $"-ResourceLimit names '{name}', which no case needs: {known}.", name);
            }

            limits[name] = limit;
        }

        return limits.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);
    }

    private static bool IsResource(string lane) => lane.Length > 0 && !lane.Contains(':', StringComparison.Ordinal);
}
