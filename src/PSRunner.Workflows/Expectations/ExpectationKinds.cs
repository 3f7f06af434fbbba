namespace PSRunner.Workflows.Expectations;

/// <summary>What a reply can be held to, in words as a plan keeps them.</summary>
public static class ExpectationKinds
{
    /// <summary>It is exactly this text.</summary>
    public const string Text = "text";

    /// <summary>A wildcard pattern fits all of it.</summary>
    public const string Like = "like";

    /// <summary>A regular expression is found in it.</summary>
    public const string Match = "match";

    /// <summary>It is JSON that a schema allows.</summary>
    public const string Schema = "schema";

    /// <summary>A script says so.</summary>
    public const string Script = "script";

    /// <summary>The parameter of New-PromptTest that gives it, for messages.</summary>
    internal static string ParameterOf(string kind) => kind switch
    {
        Text => "-ExpectText",
        Like => "-ExpectLike",
        Match => "-ExpectMatch",
        Schema => "-ExpectSchema",
        Script => "-ExpectScript",
        _ => throw new ArgumentException($"'{kind}' is no kind of expectation.", nameof(kind)),
    };
}
