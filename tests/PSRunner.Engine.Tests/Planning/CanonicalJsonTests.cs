using System.Buffers;
using System.Text;
using CsCheck;
using PSRunner.Engine.Planning;

namespace PSRunner.Engine.Tests.Planning;

public sealed class CanonicalJsonTests
{
    // The number vectors of RFC 8785, appendix B, as IEEE 754 bits.
    [Theory]
    [InlineData(0x0000000000000000, "0")]
    [InlineData(0x8000000000000000, "0")]
    [InlineData(0x0000000000000001, "5e-324")]
    [InlineData(0x8000000000000001, "-5e-324")]
    [InlineData(0x7fefffffffffffff, "1.7976931348623157e+308")]
    [InlineData(0xffefffffffffffff, "-1.7976931348623157e+308")]
    [InlineData(0x4340000000000000, "9007199254740992")]
    [InlineData(0xc340000000000000, "-9007199254740992")]
    [InlineData(0x4430000000000000, "295147905179352830000")]
    [InlineData(0x44b52d02c7e14af5, "9.999999999999997e+22")]
    [InlineData(0x44b52d02c7e14af6, "1e+23")]
    [InlineData(0x44b52d02c7e14af7, "1.0000000000000001e+23")]
    [InlineData(0x444b1ae4d6e2ef4e, "999999999999999700000")]
    [InlineData(0x444b1ae4d6e2ef4f, "999999999999999900000")]
    [InlineData(0x444b1ae4d6e2ef50, "1e+21")]
    [InlineData(0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7")]
    [InlineData(0x3eb0c6f7a0b5ed8d, "0.000001")]
    [InlineData(0x41b3de4355555553, "333333333.3333332")]
    [InlineData(0x41b3de4355555554, "333333333.33333325")]
    [InlineData(0xbecbf647612f3696, "-0.0000033333333333333333")]
    [InlineData(0x43143ff3c1cb0959, "1424953923781206.2")]
    public void Numbers_are_written_as_the_RFC_says(ulong bits, string expected) =>
        Assert.Equal(expected, CanonicalJson.Number(BitConverter.UInt64BitsToDouble(bits)));

    [Fact]
    public void Every_finite_number_comes_back_as_it_was() =>
        Gen.Double.Where(double.IsFinite).Sample(value =>
            double.Parse(CanonicalJson.Number(value), System.Globalization.CultureInfo.InvariantCulture) == value);

    [Fact]
    public void Keys_are_sorted_by_code_units_and_text_is_escaped_shortest() =>
        Assert.Equal(
            """{"\r":"Carriage Return","1":"One","a\"b":"x\\y\u000f","é":null,"€":true}""",
            Write(
                ("€", true), ("\r", "Carriage Return"), ("1", "One"), ("é", null), ("a\"b", "x\\y\u000f")));

    [Fact]
    public void Whole_numbers_beyond_two_to_the_53_keep_their_digits() =>
        Assert.Equal("""{"n":9007199254740993}""", Write(("n", 9007199254740993L)));

    private static string Write(params (string, object?)[] members)
    {
        var buffer = new ArrayBufferWriter<byte>();
        new CanonicalJson(buffer).WriteObject(members.Select(m => KeyValuePair.Create(m.Item1, m.Item2)));
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }
}
