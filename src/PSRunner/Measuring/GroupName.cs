using System.Globalization;

namespace PSRunner.Measuring;

/// <summary>The values that make a group, as text. Equal by value, ordered value by value, numbers as numbers.</summary>
internal sealed class GroupName : IEquatable<GroupName>, IComparable<GroupName>
{
    private readonly string[] _parts;

    private GroupName(string[] parts) => _parts = parts;

    /// <summary>What the table shows.</summary>
    public string Text => string.Join(' ', _parts);

    public static GroupName Of(IEnumerable<object?> values) => new([.. values.Select(GroupKey.Text)]);

    public bool Equals(GroupName? other) => other is not null && _parts.AsSpan().SequenceEqual(other._parts);

    public override bool Equals(object? obj) => Equals(obj as GroupName);

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        foreach (var part in _parts)
        {
            hash.Add(part, StringComparer.Ordinal);
        }

        return hash.ToHashCode();
    }

    public int CompareTo(GroupName? other)
    {
        for (var i = 0; other is not null && i < _parts.Length; i++)
        {
            if (Compare(_parts[i], other._parts[i]) is not 0 and var order)
            {
                return order;
            }
        }

        return other is null ? 1 : 0;
    }

    // Numbers before texts: 2 < 10 and "10" < "1a" < "2" would be no order.
    private static int Compare(string left, string right) => (Number(left), Number(right)) switch
    {
        ({ } a, { } b) => a.CompareTo(b),
        ({ }, null) => -1,
        (null, { }) => 1,
        _ => string.CompareOrdinal(left, right),
    };

    private static double? Number(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) ? number : null;
}
