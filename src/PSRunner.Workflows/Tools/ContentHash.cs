using System.Globalization;
using System.IO.Hashing;
using System.Text;

namespace PSRunner.Workflows.Tools;

/// <summary>The hash by which equal content is known again.</summary>
internal static class ContentHash
{
    /// <summary>XxHash128 of the UTF-8 text, 32 lower-case hex digits.</summary>
    public static string Of(string text) =>
        XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(text)).ToString("x32", CultureInfo.InvariantCulture);
}
