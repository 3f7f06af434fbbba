using System.IO.Hashing;
using System.Text.Json;

namespace PSRunner.Engine.Planning;

/// <summary>
/// Gives texts that a plan says over and over (names of cases and parameters, models, prompt types) as one string each. They
/// live as long as their results do, so it saves the collector of garbage, and whoever keeps results, more than the look-up costs.
/// </summary>
/// <remarks>Safe from any thread: a place holds one of the texts that belong there, and whether it is the right one is always checked.</remarks>
internal sealed class RepeatedText
{
    private const int Longest = 64;
    private readonly string?[] _known = new string?[512];

    /// <summary>The text that the reader stands on.</summary>
    public string Read(ref Utf8JsonReader reader)
    {
        if (reader.ValueIsEscaped || reader.ValueSpan.Length > Longest)
        {
            return reader.GetString()!;
        }

        ref var place = ref _known[XxHash3.HashToUInt64(reader.ValueSpan) % (uint)_known.Length];
        return place is { } known && reader.ValueTextEquals(known) ? known : place = reader.GetString()!;
    }
}
