using System.Globalization;
using PSRunner.CrashCampaign;

// dotnet run -c Release --project tests/PSRunner.CrashCampaign -- [--kills N] [--seed S] [--cases C]
// Kills real batches and compares what is left with what was seen. Ends with 1 when a promise was broken.
if (args is ["child", var root, var caseCount, var retry])
{
    return Child.Run(root, int.Parse(caseCount, CultureInfo.InvariantCulture), retry);
}

int kills = 1_000, seed = 1, cases = 400;
for (var i = 0; i < args.Length; i += 2)
{
    if (i + 1 == args.Length || !int.TryParse(args[i + 1], CultureInfo.InvariantCulture, out var number) || number < 1)
    {
        return Usage();
    }

    switch (args[i])
    {
        case "--kills": kills = number; break;
        case "--seed": seed = number; break;
        case "--cases": cases = number; break;
        default: return Usage();
    }
}

var folder = Directory.CreateTempSubdirectory("psrunner-campaign-").FullName;
var campaign = new Campaign(folder, kills, seed, cases);
campaign.Run();
Console.WriteLine(campaign.Summary());
if (campaign.Violations.Count == 0)
{
    Directory.Delete(folder, recursive: true);
    return 0;
}

Console.Error.WriteLine($"Broken with --seed {seed} --kills {kills} --cases {cases}; the run folders are in {folder}:");
foreach (var violation in campaign.Violations)
{
    Console.Error.WriteLine("  " + violation);
}

return 1;

static int Usage()
{
    Console.Error.WriteLine("Usage: [--kills N] [--seed S] [--cases C]");
    return 2;
}
