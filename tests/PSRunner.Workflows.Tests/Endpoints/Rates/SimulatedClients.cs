using PSRunner.Workflows.Endpoints.Rates;

namespace PSRunner.Workflows.Tests.Endpoints.Rates;

/// <summary>Clients with more work than they may do. The first is the product's; the others steer the number in flight.</summary>
internal static class SimulatedClients
{
    private const int MostInFlight = 1000;

    /// <summary>The product's own classes, driven as RateGate drives them.</summary>
    public static void CubicOnStarts(SimulatedProvider provider, double? retryAfter, int seed) =>
        Drive(
            provider,
            new KeyRates(new RateOptions { MaxInFlight = MostInFlight, Seed = $"{seed}" }),
            () => retryAfter is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            admitted: _ => { });

    /// <summary>The product's own classes with a word for each refusal and a look at each success.</summary>
    public static void Drive(SimulatedProvider provider, KeyRates rates, Func<TimeSpan?> retryAfter, Action<double> admitted)
    {
        double? wake = null;
        provider.Run(Pump);

        TimeSpan Time() => TimeSpan.FromSeconds(provider.Now);

        void Pump()
        {
            TimeSpan wait;
            while ((wait = rates.Wait(Time())) == TimeSpan.Zero)
            {
                var startedAt = provider.Now;
                var request = rates.Start(Time(), tokens: 1);
                provider.Send(
                    answered: () =>
                    {
                        admitted(startedAt);
                        rates.Answered(Time(), request, tokens: 1);
                        Pump();
                    },
                    refused: () =>
                    {
                        rates.Refused(Time(), request, retryAfter(), RefusalScope.Unknown);
                        Pump();
                    });
            }

            var at = provider.Now + Math.Max(wait.TotalSeconds, 1e-6);
            if (wait != KeyRates.UntilOneEnds && (wake is null || at < wake - 1e-9))
            {
                wake = at;
                provider.At(at, () =>
                {
                    if (wake == at)
                    {
                        wake = null;
                        Pump();
                    }
                });
            }
        }
    }

    /// <summary>
    /// AIMD on concurrency as evaluation harnesses do it (Inspect AI's constants): doubles until the first refusal, then
    /// grows by 5 % a clean round; a refusal takes a fifth and 15 s in which nothing counts.
    /// </summary>
    public static void AimdByRounds(SimulatedProvider provider, double retryAfter)
    {
        var (limit, clean, doubling, coolUntil, busy) = (20.0, 0, true, -1.0, 0);
        provider.Run(Pump);

        void Pump()
        {
            while (busy < (int)limit)
            {
                busy++;
                Send(again: false);
            }
        }

        void Send(bool again) => provider.Send(
            answered: () =>
            {
                if (!again && provider.Now >= coolUntil && ++clean >= Math.Max(limit, 4))
                {
                    clean = 0;
                    var next = doubling ? 2 * limit : Math.Max(limit + 1, Math.Round((limit + Math.Max(1, 0.05 * limit)) / 5) * 5);
                    limit = Math.Min(MostInFlight, next);
                }

                busy--;
                Pump();
            },
            refused: () =>
            {
                (doubling, clean) = (false, 0);
                if (provider.Now >= coolUntil)
                {
                    limit = Math.Max(1, 0.8 * limit);
                    coolUntil = provider.Now + 15;
                }

                provider.At(provider.Now + retryAfter, () => Send(again: true));
            });
    }

    /// <summary>AIMD on concurrency as service meshes do it (Netflix's AIMDLimit): +1 a success when busy, x 0.9 a refusal.</summary>
    public static void AimdByRequest(SimulatedProvider provider, double retryAfter)
    {
        var (limit, busy) = (10.0, 0);
        provider.Run(Pump);

        void Pump()
        {
            while (busy < (int)limit)
            {
                busy++;
                Send();
            }
        }

        void Send() => provider.Send(
            answered: () =>
            {
                limit = 2 * busy >= limit ? Math.Min(MostInFlight, limit + 1) : limit;
                busy--;
                Pump();
            },
            refused: () =>
            {
                limit = Math.Max(1, Math.Min(limit - 1, Math.Floor(0.9 * limit)));
                provider.At(provider.Now + retryAfter, Send);
            });
    }
}
