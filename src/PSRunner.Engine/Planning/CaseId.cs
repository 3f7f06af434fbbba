using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using System.Text;

namespace PSRunner.Engine.Planning;

/// <summary>
/// The id of a case: XxHash128 of the canonical JSON of kind, name, parameters, executor fingerprint and repeat number.
/// Never a position: the same case has the same id in any plan, in any order, on any machine.
/// </summary>
internal static class CaseId
{
    /// <summary>The id of one repeat of a case.</summary>
    /// <param name="testCase">The case; its definition is part of the id by its hash.</param>
    /// <param name="executorFingerprint">What decides the result beside the case.</param>
    /// <param name="repeat">1 for the first of several equal cases.</param>
    public static UInt128 Compute(TestCase testCase, string executorFingerprint, int repeat)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        new CanonicalJson(buffer).WriteObject(
        [
            new("kind", testCase.Kind),
            new("name", testCase.Name),
            new("parameters", testCase.GetParameters().Select(p => KeyValuePair.Create(p.Key.ToLowerInvariant(), p.Value))),
            new("fingerprint", executorFingerprint),
            new("definition", testCase.Definition.Length == 0 ? null : Hash(testCase.Definition)),
            new("shared", testCase.Shared?.Hash),
            new("repeat", (long)repeat),
        ]);
        return XxHash128.HashToUInt128(buffer.WrittenSpan);
    }

    /// <summary>32 lower-case hex digits.</summary>
    public static string ToText(UInt128 id) => string.Create(32, id, static (text, id) =>
    {
        Span<byte> bytes = stackalloc byte[16];
        BinaryPrimitives.WriteUInt128BigEndian(bytes, id);
        Convert.TryToHexStringLower(bytes, text, out _);
    });

    /// <summary>The id of 32 hex digits.</summary>
    public static bool TryParse(ReadOnlySpan<byte> text, out UInt128 id)
    {
        Span<byte> bytes = stackalloc byte[16];
        var isId = text.Length == 2 * bytes.Length && Convert.FromHexString(text, bytes, out _, out _) == OperationStatus.Done;
        id = isId ? BinaryPrimitives.ReadUInt128BigEndian(bytes) : default;
        return isId;
    }

    /// <summary>XxHash128 of a text as 32 hex digits.</summary>
    public static string Hash(string text) => ToText(XxHash128.HashToUInt128(Encoding.UTF8.GetBytes(text)));
}
