namespace PSRunner.Workflows.Endpoints.Rates;

/// <summary>The constants of <see cref="CubicRate"/>, times in seconds.</summary>
internal sealed record CubicRateOptions
{
    /// <summary>The time that late timers may cost and get back.</summary>
    public const double CatchUpSeconds = 0.1;

    /// <summary>The rate to begin with. Infinity: no limit is known before the first refusal.</summary>
    public double Initial { get; init; } = 1;

    /// <summary>What is kept of the rate at a refusal.</summary>
    public double Beta { get; init; } = 0.9;

    /// <summary>The time from a cut back to the peak.</summary>
    public double Plateau { get; init; } = 60;

    /// <summary>The rate doubles in this time before the first refusal.</summary>
    public double SlowStartDoubling { get; init; } = 5;

    /// <summary>The rate doubles in this time when the peak is long past.</summary>
    public double ProbeDoubling { get; init; } = 12;

    /// <summary>The rate never falls below this.</summary>
    public double Minimum { get; init; } = 0.02;

    /// <summary>Fewer starts than this in the window measure no rate.</summary>
    public int FewStarts { get; init; } = 5;
}
