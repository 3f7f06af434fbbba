using System.Diagnostics;

namespace PSRunner.Engine.Tests;

/// <summary>The short run of the crash campaign; the long one is <c>dotnet run -c Release --project tests/PSRunner.CrashCampaign -- --kills 1000</c>.</summary>
public class CrashCampaignTests
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(8);

    [Fact]
    public async Task Fifty_kills_lose_double_and_blame_nothing()
    {
        var (exitCode, summary, errors) = await RunAsync("--kills", "50", "--seed", "20261123");
        Assert.True(exitCode == 0, summary + errors);
        Assert.Matches(@"kills +50\b", summary);
    }

    [Fact]
    public async Task The_campaign_finds_a_seen_result_that_was_cut_out_of_the_journal()
    {
        var (exitCode, summary, errors) = await RunAsync("--kills", "30", "--seed", "20261124", "--steal");
        Assert.True(exitCode == 1, summary + errors);
        Assert.Contains("was seen and is lost", errors, StringComparison.Ordinal);
        Assert.Contains("--seed 20261124", errors, StringComparison.Ordinal);
    }

    private static async Task<(int ExitCode, string Summary, string Errors)> RunAsync(params string[] arguments)
    {
        var program = Path.Combine(AppContext.BaseDirectory, OperatingSystem.IsWindows() ? "PSRunner.CrashCampaign.exe" : "PSRunner.CrashCampaign");
        using var campaign = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var errors = campaign.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        var summary = await campaign.StandardOutput.ReadToEndAsync(TestContext.Current.CancellationToken);
        Assert.True(campaign.WaitForExit(Limit));
        return (campaign.ExitCode, summary, await errors);
    }
}
