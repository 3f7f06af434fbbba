using System.Management.Automation;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class ViewTests : IDisposable
{
    private readonly HostedPowerShell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void Results_of_any_kind_share_one_table_of_80_columns()
    {
        object[] results =
        [
            Made.Result("Passed", "sim-strong sequence_disorder simple_task 1", [], [], ("Score", 1.0), ("DurationSeconds", 8.94)),
            Made.Result("TimedOut", "sim-hangs sequence_disorder simple_task 1", [], [],
                ("Cause", "stall"), ("DurationSeconds", 300.0), ("Message", "no reply for the stall window; last activity: request 1 sent")),
            Made.Result("Passed", "499", [], [], ("Kind", "script"), ("DurationSeconds", 0.0), ("Output", "\n  499\nmore")),
        ];
        Assert.Equal(
            """
            Outcome  Score/Cause        Time Name
            -------  -----------        ---- ----
            Passed   1.00               8.9s sim-strong sequence_disorder simple_task 1
            TimedOut stall            5m 00s sim-hangs sequence_disorder simple_task 1 > n…
            Passed                       0ms 499 > 499
            """,
            Trimmed(_shell.Show("$args", results)));
    }

    [Fact]
    public void Results_that_came_through_a_file_or_from_a_job_have_the_same_table()
    {
        var result = Made.Result(
            "Failed", "sim-weak cot simple_task 1", [("Model", "sim-weak")], [], ("Score", 0.25), ("DurationSeconds", 8.94), ("Message", "not done: x"));
        Assert.Equal(
            """
            Outcome  Score/Cause        Time Name
            -------  -----------        ---- ----
            Failed   0.25               8.9s sim-weak cot simple_task 1 > not done: x
            """,
            Trimmed(_shell.Show("$args", PSSerializer.Deserialize(PSSerializer.Serialize(new PSObject(result))))));
    }

    [Fact]
    public void A_batch_shows_the_four_digits_that_name_it()
    {
        var started = new DateTime(2026, 11, 23, 20, 6, 0, DateTimeKind.Local).ToUniversalTime();
        var batch = Made.Thing(
            "PSRunner.TestBatch", ("Name", "night"), ("State", "DeadlineReached"), ("Done", 1204), ("Planned", 5600), ("Failed", 20),
            ("StartedAt", started), ("Id", "night-20261123-200600-fbf8"));
        Assert.Equal(
            """
            Name             State                    Done Failed Started          Id
            ----             -----                    ---- ------ -------          --
            night            DeadlineReached   1,204/5,600     20 2026-11-23 20:06 fbf8
            """,
            Trimmed(_shell.Show("$args", batch)));
    }

    [Fact]
    public void Progress_shows_rate_and_time_left_and_leaves_the_unknown_blank()
    {
        var running = Made.Thing(
            "PSRunner.TestProgress", ("Name", "night"), ("State", "Running"), ("Done", 145), ("Planned", 4200), ("Failed", 14), ("Errored", 1),
            ("TimedOut", 2), ("Crashed", 3), ("Rate", 26.64), ("LeftSeconds", 152.0));
        var suspended = Made.Thing("PSRunner.TestProgress", ("Name", "other"), ("State", "Suspended"), ("Done", 163), ("Planned", 4200));
        Assert.Equal(
            """
            Name           State                Done Failed Errored    Rate    Left Unsaved
            ----           -----                ---- ------ -------    ----    ---- -------
            night          Running      145/4,200 3%     14       6  26.6/s  2m 32s       0
            other          Suspended    163/4,200 3%      0       0                       0
            """,
            Trimmed(_shell.Show("$args", running, suspended)));
    }

    [Fact]
    public void A_measure_shows_a_dash_where_nothing_was_judged()
    {
        var none = Made.Thing("PSRunner.TestMeasure", ("Group", "sim-hangs flawed_sequence_disorder"), ("Unjudged", 25), ("Missing", 0.0));
        var some = Made.Thing(
            "PSRunner.TestMeasure", ("Group", "sim-strong flawed_missing_step"), ("Judged", 20), ("PassRate", 0.95), ("MeanScore", 0.966),
            ("Unjudged", 5), ("Missing", double.NaN));
        Assert.Equal(
            """
            Group                                      Judged Passed Score Unjudged Missing
            -----                                      ------ ------ ----- -------- -------
            sim-hangs flawed_sequence_disorder              0      -     -       25       0
            sim-strong flawed_missing_step                 20    95%  0.97        5       -
            """,
            Trimmed(_shell.Show("$args", none, some)));
    }

    [Fact]
    public void A_case_shows_its_own_limit() =>
        Assert.Equal(
            """
            Kind          Limit Name
            ----          ----- ----
            workflow            a b
            """,
            Trimmed(_shell.Show("[PSRunner.TestCase]::new('workflow', 'a b', $null)")));

    [Fact]
    public void No_row_wraps_at_80_columns()
    {
        var wide = Made.Result("TimedOut", new string('n', 300), [], [], ("Cause", "not-applicable"), ("DurationSeconds", 359_999.0));
        var measure = Made.Thing("PSRunner.TestMeasure", ("Group", new string('g', 300)), ("Judged", 123_456), ("PassRate", 1.0), ("Missing", 1e6));
        Assert.All(
            [.. _shell.Show("$args", wide).Split('\n'), .. _shell.Show("$args", measure).Split('\n')],
            line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal(3, Trimmed(_shell.Show("$args", wide)).Split('\n').Length);
    }

    private static string Trimmed(string screen) => string.Join('\n', screen.Split('\n').Select(l => l.TrimEnd()));
}
