using System.IO.Hashing;
using System.Numerics;
using System.Text;

namespace PSRunner.Workflows.Randomness;

/// <summary>The only source of chance in this project: the same key gives the same numbers on any machine, for ever.</summary>
/// <remarks>
/// <para>
/// xoshiro256** (Blackman and Vigna, 2018), its 256 bits of state filled by SplitMix64 from the XxHash128 of the UTF-8
/// key. <see cref="Random"/> is not used because its algorithm is not promised to stay the same.
/// </para>
/// <para>
/// Draw what belongs together from one instance and give independent things keys of their own (case id, purpose,
/// ordinal): a number then depends on its key alone and not on what was drawn before, so results survive any order of
/// execution and any resume. Not thread-safe; not for secrets.
/// </para>
/// </remarks>
internal sealed class SeededRandom
{
    private ulong _a, _b, _c, _d;

    /// <param name="key">Any text; equal texts give equal sequences.</param>
    public SeededRandom(string key)
    {
        var hash = XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(key));
        var low = (ulong)hash;
        var high = (ulong)(hash >> 64);
        (_a, _b, _c, _d) = (SplitMix(ref low), SplitMix(ref high), SplitMix(ref low), SplitMix(ref high));
        if ((_a | _b | _c | _d) == 0)
        {
            _a = 1; // The one state xoshiro never leaves.
        }
    }

    /// <summary>Starts from a state of xoshiro256**, to compare with other implementations.</summary>
    public SeededRandom(ulong a, ulong b, ulong c, ulong d) => (_a, _b, _c, _d) = (a, b, c, d);

    /// <summary>64 random bits.</summary>
    public ulong NextBits()
    {
        var result = BitOperations.RotateLeft(_b * 5, 7) * 9;
        var shifted = _b << 17;
        _c ^= _a;
        _d ^= _b;
        _b ^= _c;
        _a ^= _d;
        _c ^= shifted;
        _d = BitOperations.RotateLeft(_d, 45);
        return result;
    }

    /// <summary>At least 0 and below 1, a multiple of 2^-53.</summary>
    public double NextDouble() => (NextBits() >> 11) * (1.0 / (1UL << 53));

    /// <summary>A whole number from 0 to <paramref name="count"/> - 1, all equally likely.</summary>
    public int Next(int count)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);

        // The highest incomplete run of values is drawn again, else small results would be likelier.
        var range = (ulong)count;
        var limit = ulong.MaxValue - (ulong.MaxValue % range);
        ulong bits;
        do
        {
            bits = NextBits();
        }
        while (bits >= limit);
        return (int)(bits % range);
    }

    /// <summary>One of the items, all equally likely.</summary>
    public T Pick<T>(IReadOnlyList<T> items) => items[Next(items.Count)];

    /// <summary>The items in a random order, all orders equally likely (Fisher-Yates); the input stays as it is.</summary>
    public T[] Shuffle<T>(IEnumerable<T> items)
    {
        T[] shuffled = [.. items];
        for (var i = shuffled.Length - 1; i > 0; i--)
        {
            var j = Next(i + 1);
            (shuffled[i], shuffled[j]) = (shuffled[j], shuffled[i]);
        }

        return shuffled;
    }

    private static ulong SplitMix(ref ulong state)
    {
        state += 0x9E3779B97F4A7C15;
        var mixed = state;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }
}
