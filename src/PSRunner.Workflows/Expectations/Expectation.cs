using System.Text.RegularExpressions;
using PSRunner.Workflows.Cases;

namespace PSRunner.Workflows.Expectations;

/// <summary>What a reply is held to. White space around a reply does not count, and its lines end with a line feed.</summary>
internal abstract class Expectation
{
    /// <summary>The longest time of one regular expression on one reply.</summary>
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(2);

    /// <summary>Why a reply does not fit, in words that need not repeat the reply; null: it fits.</summary>
    /// <exception cref="RegexMatchTimeoutException">The regular expression took too long.</exception>
    public abstract string? Miss(string reply);

    /// <summary>The expectation of a kind, but <see cref="ExpectationKinds.Script"/>.</summary>
    /// <param name="kind">One of <see cref="ExpectationKinds"/>.</param>
    /// <param name="value">What is expected.</param>
    /// <exception cref="TestBatchException">ExpectMatchInvalid, ExpectSchemaInvalid.</exception>
    public static Expectation Of(string kind, string value) => kind switch
    {
        ExpectationKinds.Text => new TextExpectation(Tidy(value)),
        ExpectationKinds.Like => new LikeExpectation(value),
        ExpectationKinds.Match => new MatchExpectation(value),
        ExpectationKinds.Schema => new SchemaExpectation(value),
        _ => throw new ArgumentException($"'{kind}' is no expectation that can be checked here.", nameof(kind)),
    };

    /// <summary>A text as it is compared.</summary>
    public static string Tidy(string text) => text.ReplaceLineEndings("\n").Trim();

    private sealed class TextExpectation(string expected) : Expectation
    {
        public override string? Miss(string reply) => reply == expected ? null : $"expected {Excerpt.Of(expected)}{Where(reply)}";

        // Long texts look alike where an excerpt ends.
        private string Where(string reply)
        {
            var same = reply.AsSpan().CommonPrefixLength(expected);
            return same < Excerpt.MostChars / 2 ? "" : $" (the first {same} characters are the same)";
        }
    }

    private sealed class LikeExpectation(string pattern) : Expectation
    {
        public override string? Miss(string reply) => Wildcard.IsMatch(pattern, reply) ? null : $"expected something like {Excerpt.Of(pattern)}";
    }

    private sealed class MatchExpectation(string pattern) : Expectation
    {
        // As the operator -match: in any case, and ^ and $ are the ends of the reply.
        private readonly Regex _regex = Read(pattern);

        public override string? Miss(string reply) => _regex.IsMatch(reply) ? null : $"expected a match of {Excerpt.Of(pattern)}";

        private static Regex Read(string pattern)
        {
            try
            {
                return new Regex(pattern, RegexOptions.IgnoreCase | RegexOptions.CultureInvariant, MatchLimit);
            }
            catch (ArgumentException e)
            {
                throw new TestBatchException("ExpectMatchInvalid", ErrorKind.InvalidArgument, $"-ExpectMatch is no regular expression: {e.Message}", pattern, e);
            }
        }
    }
}
