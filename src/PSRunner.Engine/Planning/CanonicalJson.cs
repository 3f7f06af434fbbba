using System.Buffers;
using System.Globalization;
using System.Text;

namespace PSRunner.Engine.Planning;

/// <summary>Writes JSON in the canonical form of RFC 8785: sorted keys, no white space, ECMAScript numbers, shortest escapes.</summary>
/// <remarks>
/// Only what a case id needs: objects of scalars, one level deep. Whole numbers beyond 2^53 keep all their digits (the RFC
/// would round them, and two cases must not become one).
/// </remarks>
internal sealed class CanonicalJson(IBufferWriter<byte> output)
{
    /// <summary>Writes an object; its keys are sorted by UTF-16 code units, as the RFC asks.</summary>
    /// <param name="members">Unique keys; values: null, string, bool, long, double, or nested members.</param>
    public void WriteObject(IEnumerable<KeyValuePair<string, object?>> members)
    {
        Write("{"u8);
        var first = true;
        foreach (var (key, value) in members.OrderBy(m => m.Key, StringComparer.Ordinal))
        {
            if (!first)
            {
                Write(","u8);
            }

            first = false;
            WriteString(key);
            Write(":"u8);
            WriteValue(value);
        }

        Write("}"u8);
    }

    private void WriteValue(object? value)
    {
        switch (value)
        {
            case null: Write("null"u8); break;
            case bool flag: Write(flag ? "true"u8 : "false"u8); break;
            case string text: WriteString(text); break;
            case long number: WriteText(number.ToString(CultureInfo.InvariantCulture)); break;
            case double number: WriteText(Number(number)); break;
            case IEnumerable<KeyValuePair<string, object?>> members: WriteObject(members); break;
            default: throw new ArgumentException($"A {value.GetType()} has no canonical form here.", nameof(value));
        }
    }

    /// <summary>A number as ECMAScript's Number::toString writes it; NaN and the infinities, which JSON lacks, as text.</summary>
    internal static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return $"\"{value.ToString(CultureInfo.InvariantCulture)}\"";
        }

        if (value == 0)
        {
            return "0";
        }

        // "R" gives the shortest digits but switches to an exponent elsewhere than ECMAScript does: lay them out again.
        var shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        var exponentAt = shortest.IndexOf('E', StringComparison.Ordinal);
        var exponent = exponentAt < 0 ? 0 : int.Parse(shortest.AsSpan(exponentAt + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture);
        var mantissa = exponentAt < 0 ? shortest : shortest[..exponentAt];
        var point = mantissa.IndexOf('.', StringComparison.Ordinal);
        var allDigits = mantissa.Replace(".", "", StringComparison.Ordinal);
        var digits = allDigits.TrimStart('0');
        var n = (point < 0 ? mantissa.Length : point) + exponent - (allDigits.Length - digits.Length);
        digits = digits.TrimEnd('0');
        var k = digits.Length;
        var body = n switch
        {
            _ when k <= n && n <= 21 => digits + new string('0', n - k),
            > 0 and <= 21 => $"{digits[..n]}.{digits[n..]}",
            > -6 and <= 0 => $"0.{new string('0', -n)}{digits}",
            _ => $"{digits[0]}{(k > 1 ? "." + digits[1..] : "")}e{(n > 0 ? "+" : "-")}{Math.Abs(n - 1).ToString(CultureInfo.InvariantCulture)}",
        };
        return value < 0 ? "-" + body : body;
    }

    private void WriteString(string text)
    {
        if (text.AsSpan().IndexOfAnyInRange('\0', '\u001f') < 0 && text.AsSpan().IndexOfAny('"', '\\') < 0)
        {
            Write("\""u8);
            WriteText(text);
            Write("\""u8);
            return;
        }

        var escaped = new StringBuilder(text.Length + 16).Append('"');
        foreach (var c in text)
        {
            _ = c switch
            {
                '"' => escaped.Append("\\\""),
                '\\' => escaped.Append("\\\\"),
                '\b' => escaped.Append("\\b"),
                '\f' => escaped.Append("\\f"),
                '\n' => escaped.Append("\\n"),
                '\r' => escaped.Append("\\r"),
                '\t' => escaped.Append("\\t"),
                < ' ' => escaped.Append(CultureInfo.InvariantCulture, $"\\u{(int)c:x4}"),
                _ => escaped.Append(c),
            };
        }

        WriteText(escaped.Append('"').ToString());
    }

    private void WriteText(string text) => Encoding.UTF8.GetBytes(text, output);

    private void Write(ReadOnlySpan<byte> bytes) => output.Write(bytes);
}
