using System.Globalization;
using System.Runtime.InteropServices;
using PSRunner.CrashCampaign;

// dotnet run -c Release --project tests/PSRunner.CrashCampaign -- [--kills N] [--seed S] [--cases C] [--steal]
// Kills real batches and compares what is left with what was seen. Whatever ends it says so, with the seed: 0 nothing was
// broken, 1 a promise was, 2 wrong arguments, 3 the campaign itself failed, 128 + n ended by signal n.
if (args is ["child", "run", var root, var caseCount, var retry, var plan])
{
    return Child.Run(root, int.Parse(caseCount, CultureInfo.InvariantCulture), retry, plan);
}

if (args is ["child", "repair", var runFolder])
{
    return Child.Repair(runFolder);
}

// Started by the engine's tests.
if (args is ["child", "worker"])
{
    return FaultyWorker.Run();
}

int kills = 1_000, seed = 1, cases = 400;
var steals = false;
for (var i = 0; i < args.Length; i++)
{
    if (args[i] == "--steal")
    {
        steals = true;
        continue;
    }

    if (i + 1 == args.Length || !int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var number) || number < 1)
    {
        return Usage();
    }

    switch (args[i++])
    {
        case "--kills": kills = number; break;
        case "--seed": seed = number; break;
        case "--cases": cases = number; break;
        default: return Usage();
    }
}

var folder = Directory.CreateTempSubdirectory("psrunner-campaign-").FullName;
var asked = $"--kills {kills} --seed {seed} --cases {cases}";
using var campaign = new Campaign(folder, kills, seed, cases, steals);
using var terminated = EndOn(PosixSignal.SIGTERM, 15);
using var interrupted = EndOn(PosixSignal.SIGINT, 2);
using var hungUp = EndOn(PosixSignal.SIGHUP, 1);
try
{
    Console.Error.WriteLine($"{asked}, in {folder}");
    campaign.Run(Console.Error.WriteLine);
}
catch (Exception e)
{
    Console.Error.WriteLine($"The campaign itself failed ({asked}) at {campaign.Progress}; the run folders are in {folder}: {e}");
    return 3;
}

Console.WriteLine(campaign.Summary());
if (campaign.Violations.Count == 0 || steals)
{
    Directory.Delete(folder, recursive: true);
}

if (campaign.Violations.Count == 0)
{
    return 0;
}

Console.Error.WriteLine(steals ? $"Broken with {asked} --steal, as it must:" : $"Broken with {asked}; the run folders are in {folder}:");
foreach (var violation in campaign.Violations)
{
    Console.Error.WriteLine("  " + violation);
}

return 1;

PosixSignalRegistration EndOn(PosixSignal signal, int number) => PosixSignalRegistration.Create(signal, _ =>
{
    Console.Error.WriteLine($"Ended by {signal} ({asked}) at {campaign.Progress}; the run folders are in {folder}.");
    campaign.Dispose();
    Environment.Exit(128 + number);
});

static int Usage()
{
    Console.Error.WriteLine("Usage: [--kills N] [--seed S] [--cases C] [--steal]");
    return 2;
}
