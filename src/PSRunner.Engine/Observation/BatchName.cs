using System.Globalization;
using System.Security.Cryptography;

namespace PSRunner.Engine.Observation;

/// <summary>A batch's id: <c>name-yyyyMMdd-HHmmss-4hex</c>, the name of its run folder.</summary>
internal static class BatchName
{
    private const int Longest = 80;
    private const int SuffixLength = 21;
    private static readonly System.Buffers.SearchValues<char> Forbidden = System.Buffers.SearchValues.Create("\\/:*?[]\"<>|");

    /// <summary>Checks a label.</summary>
    /// <exception cref="TestBatchException">It is empty, too long, or holds a forbidden character.</exception>
    public static void Check(string name)
    {
        var bad = name.AsSpan().IndexOfAny(Forbidden) is >= 0 and var at ? name[at].ToString()
            : name.Any(char.IsControl) ? "a control character" : null;
        var problem = name.Trim().Length == 0 ? "is empty"
            : name.Length > Longest ? $"has {name.Length} characters"
            : bad is not null ? $"holds {bad}"
            : name.Trim() != name || name is "." or ".." ? "begins or ends with a blank, or is dots only"
            : null;
        if (problem is not null)
        {
            throw new TestBatchException(
                "BadBatchName", ErrorKind.InvalidArgument,
                $"The batch name '{name}' {problem}. A name has 1 to {Longest} characters and none of \\ / : * ? [ ] \" < > |.", name);
        }
    }

    /// <summary>A new id for a label. The last four digits are random: two batches of one second differ.</summary>
    public static string NewId(string name, DateTimeOffset now) =>
        string.Create(CultureInfo.InvariantCulture, $"{name}-{now.LocalDateTime:yyyyMMdd-HHmmss}-{RandomNumberGenerator.GetHexString(4, lowercase: true)}");

    /// <summary>The label of an id; the id itself when it has not the form of one.</summary>
    public static string LabelOf(string id) => HasSuffix(id) ? id[..^SuffixLength] : id;

    /// <summary>The part of an id by which batches are sorted in time, to the second; empty when it has not the form of one.</summary>
    public static string TimeOf(string id) => HasSuffix(id) ? id[^(SuffixLength - 1)..^5] : "";

    /// <summary>The four digits that tables show.</summary>
    public static string ShortOf(string id) => HasSuffix(id) ? id[^4..] : id;

    private static bool HasSuffix(string id) =>
        id.Length > SuffixLength && id[^SuffixLength] == '-' && id[^12] == '-' && id[^5] == '-'
        && id.AsSpan()[^20..^12].IndexOfAnyExceptInRange('0', '9') < 0;
}
