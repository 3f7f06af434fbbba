using System.Diagnostics;

namespace PSRunner.Engine.Tests;

/// <summary>The short run of the crash campaign; the long one is <c>dotnet run -c Release --project tests/PSRunner.CrashCampaign -- --kills 1000</c>.</summary>
public class CrashCampaignTests
{
    [Fact]
    public async Task Fifty_kills_lose_double_and_blame_nothing()
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PSRunner.CrashCampaign.exe" : "PSRunner.CrashCampaign");
        using var campaign = Process.Start(new ProcessStartInfo(program, ["--kills", "50", "--seed", "20261123"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var errors = campaign.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var summary = await campaign.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);

        Assert.True(campaign.WaitForExit(TimeSpan.FromMinutes(5)));
        Assert.True(campaign.ExitCode == 0, summary + await errors);
        Assert.Matches(@"kills +50\b", summary);
    }
}
