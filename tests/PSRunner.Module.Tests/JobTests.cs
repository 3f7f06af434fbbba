using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>A batch as a job of the shell, under the common job cmdlets.</summary>
[Collection(OneAtATime.Name)]
public sealed class JobTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-job-").FullName;
    private readonly HostedPowerShell _shell;

    public JobTests() => _shell = new HostedPowerShell(_folder);

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_job_is_listed_waited_for_received_and_removed()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        Assert.Equal(
            ["TestBatchJob|j|Running|True", "Completed", "4", "4/4, 1 failed", "False", "Completed 4", "0"],
            Lines("""
                $j = New-CommandTest sh '-c','exit {n}' -Matrix @{ n = 0,0,0,1 } -TestTimeoutSeconds 60 | Start-TestBatch j -AsJob
                '{0}|{1}|{2}|{3}' -f $j.PSJobTypeName, $j.Name, $j.State, $j.HasMoreData
                (Wait-Job $j -Timeout 60).State
                @(Receive-Job $j).Count
                (Get-Job -Name j).StatusMessage
                $j.HasMoreData
                $j | Get-TestBatch | ForEach-Object { "$($_.State) $($_.Done)" }
                Remove-Job $j
                @(Get-Job).Count
                """));
    }

    [Fact]
    public void A_wait_has_its_limit_and_a_stop_ends_the_batch_in_order()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        Assert.Equal(
            ["0", "Running", "Stopped", "Stopped 1 pending", "0"],
            Lines("""
                $j = New-CommandTest sleep 1000 | Start-TestBatch long -AsJob
                @(Wait-Job $j -Timeout 1).Count
                $j.State
                Stop-Job $j; $j.State
                Get-TestBatch long | ForEach-Object { "$($_.State) $($_.Planned - $_.Done) pending" }
                @(Receive-Job $j).Count
                """));
    }

    [Fact]
    public void A_job_whose_batch_ends_early_fails_and_says_how_to_go_on()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        var lines = Lines("""
            $j = New-CommandTest sh '-c','exit {n}' -Matrix @{ n = 1..5 } | Start-TestBatch early -ThrottleLimit 1 -MaxFailures 2 -AsJob
            (Wait-Job $j -Timeout 60).State
            @(Receive-Job $j -ErrorAction SilentlyContinue -ErrorVariable e).Count
            "$e"
            """);
        Assert.Equal(["Failed", "2"], lines[..2]);
        Assert.Matches(@"^2 cases neither passed nor were skipped \(-MaxFailures 2\); 3 pending\. Go on: Resume-TestBatch early-", lines[2]);
        Assert.Equal(["Completed", "3"], Lines("$j = Resume-TestBatch early -MaxFailures 9 -AsJob; $j = Wait-Job $j -Timeout 60; $j.State; @(Receive-Job $j).Count"));
    }

    [Fact]
    public void A_job_is_shown_with_its_progress()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "Needs a shell.");
        var screen = _shell.Show("$j = New-CommandTest true | Start-TestBatch j -AsJob; $null = Wait-Job $j -Timeout 60; $j");

        Assert.Matches(
            """
            ^Id     Name            State         HasMoreData Status
            --     ----            -----         ----------- ------
            \d+ +j               Completed     True        1/1, 0 failed$
            """, screen);
    }

    [Theory]
    [InlineData("New-CommandTest true | Start-TestBatch x -AsJob -Detached", "AsJobAndDetached")]
    [InlineData("Resume-TestBatch x -AsJob -Detached", "AsJobAndDetached")]
    public void A_job_and_a_batch_that_outlives_the_shell_exclude_each_other(string script, string errorId)
    {
        Assert.Equal(errorId, _shell.InvokeExpectingError(script).FullyQualifiedErrorId.Split(',')[0]);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    private string[] Lines(string script) => [.. _shell.Invoke(script).Select(o => o.ToString()!)];
}
