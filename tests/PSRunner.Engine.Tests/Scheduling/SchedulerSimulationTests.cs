using PSRunner.Engine.Scheduling;

namespace PSRunner.Engine.Tests.Scheduling;

/// <summary>Forty hours of trouble in milliseconds: random plans, faults, crashes and users, in virtual time, all invariants held at every step.</summary>
public class SchedulerSimulationTests
{
    private const int Plans = 10_000;

    [Fact]
    public void Ten_thousand_batches_full_of_trouble_break_no_invariant()
    {
        var ends = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        var failures = new System.Collections.Concurrent.ConcurrentQueue<string>();
        Parallel.For(0, Plans, seed =>
        {
            try
            {
                LiveThrough(seed, Sabotage.None, ends);
            }
            catch (Exception e)
            {
                failures.Enqueue($"seed {seed}: {e}");
            }
        });

        Assert.True(failures.IsEmpty, string.Join('\n', failures.Take(5)));
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", ends.OrderBy(e => e.Key).Select(e => $"{e.Key} {e.Value}")));

        // A simulation in which some end never comes would prove nothing about it.
        string[] wanted = [BatchStates.Completed, BatchStates.Stopped, BatchStates.DeadlineReached, BatchStates.Stalled, "host died", "blamed for a crash", "abandoned"];
        Assert.All(wanted, state => Assert.True(ends.GetValueOrDefault(state) > 50, $"{state}: {ends.GetValueOrDefault(state)}"));
    }

    [Theory]
    [MemberData(nameof(Sabotages))]
    public void A_scheduler_that_is_sabotaged_is_found_out(string sabotage)
    {
        var ends = new System.Collections.Concurrent.ConcurrentDictionary<string, int>();
        for (var seed = 0; seed < 2000; seed++)
        {
            try
            {
                LiveThrough(seed, Enum.Parse<Sabotage>(sabotage), ends);
            }
            catch (InvariantBroken broken)
            {
                TestContext.Current.TestOutputHelper?.WriteLine($"seed {seed}: {broken.Message}");
                return;
            }
        }

        Assert.Fail($"2,000 batches did not notice {sabotage}.");
    }

    public static TheoryData<string> Sabotages() => [.. Enum.GetNames<Sabotage>().Where(n => n != nameof(Sabotage.None))];

    /// <summary>One batch, from its first session until it is complete.</summary>
    private static void LiveThrough(int seed, Sabotage sabotage, System.Collections.Concurrent.ConcurrentDictionary<string, int> ends)
    {
        var random = new Random(seed);
        var plan = SimulatedPlan.Random(random);
        var journal = new SimulatedJournal();
        var troubled = random.Next(1, 5);
        var lanes = plan.Lanes.GroupBy(plan.LaneName).ToDictionary(l => l.Key, l => l.Count());
        for (var session = 0; ; session++)
        {
            var limits = LimitLadder.Resolve(
                new BatchOptions
                {
                    OutputPath = "",
                    ThrottleLimit = random.Next(1, 9),
                    ResourceLimit = lanes.Keys.Where(l => l.Length > 0).ToDictionary(l => l, _ => random.Next(1, 9)),
                    TestTimeoutSeconds = random.Next(3) == 0 ? random.Next(1, 700) : null,
                    StallTimeoutSeconds = random.Next(3) == 0 ? 0.5 : null,
                    BatchTimeoutSeconds = session < troubled && random.Next(3) == 0 ? random.Next(700, 20_000) : null,
                    GracePeriodSeconds = random.Next(4) == 0 ? 0.1 : random.Next(1, 8),
                    RetryCount = random.Next(4),
                    MaxFailures = session < troubled && random.Next(6) == 0 ? random.Next(1, 10) : null,
                },
                new PlanFacts(plan.Count, false, 600, plan.Timeouts.Max()?.TotalSeconds ?? 0, Lanes: lanes));
            var calm = session >= troubled;
            var end = new SimulatedSession(random, plan, journal, limits, calm, sabotage).Run();
            ends.AddOrUpdate(end ?? "host died", 1, (_, n) => n + 1);
            if (end == BatchStates.Completed)
            {
                break;
            }

            if (calm)
            {
                throw new InvariantBroken($"nothing was wrong any more and the batch ended {end}");
            }
        }

        var results = journal.Lines.Where(l => l.Kind == Line.Result).ToArray();
        if (results.Length != plan.Count || results.Select(r => r.Index).Distinct().Count() != plan.Count)
        {
            throw new InvariantBroken($"{results.Length} results of {plan.Count} cases in a complete batch");
        }

        ends.AddOrUpdate("blamed for a crash", 0, (_, n) => n + results.Count(r => r.Cause == Causes.HostCrash));
        ends.AddOrUpdate("abandoned", 0, (_, n) => n + journal.Abandoned);
    }
}
