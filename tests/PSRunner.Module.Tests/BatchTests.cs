using System.Management.Automation;
using System.Runtime.Loader;
using System.Text.RegularExpressions;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>Real batches of embedded models in a bare PowerShell engine: what is shown, and how a pipeline may end.</summary>
[Collection(OneAtATime.Name)]
public sealed partial class BatchTests : IDisposable
{
    private const string LatencyScale = "PSRUNNER_SIM_LATENCY_SCALE";
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(1);

    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-batch-").FullName;
    private readonly string? _scaleBefore = Environment.GetEnvironmentVariable(LatencyScale);
    private readonly HostedPowerShell _shell;

    public BatchTests()
    {
        Environment.SetEnvironmentVariable(LatencyScale, "0.001");
        _shell = new HostedPowerShell(_folder);
    }

    public void Dispose()
    {
        _shell.Dispose();
        Environment.SetEnvironmentVariable(LatencyScale, _scaleBefore);
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void A_batch_says_how_it_began_how_to_go_on_and_how_it_ended()
    {
        var screen = _shell.Show("$r = New-WorkflowTest sim-strong -TaskType simple_task -Instances 3 | Start-TestBatch hello -BatchVariable batch");

        Assert.Matches(
            """
            ^hello-ID: 3 cases, 20 at once, at most .*
            If cut off: Resume-TestBatch hello-ID

            hello: 3 of 3 in TIME: .*
            Results: test-batches/hello-ID$
            """,
            Id().Replace(Time().Replace(screen, "in TIME:"), "-ID"));
        Assert.All(screen.Split('\n'), line => Assert.InRange(line.Length, 0, 80));
        Assert.Equal("Completed", _shell.Invoke("$batch.State").Single().BaseObject);
        Assert.Equal("PSRunner.TestBatch", _shell.Invoke("$batch").Single().TypeNames[0]);
        Assert.Equal(3, _shell.Invoke("$r").Count);
        Assert.Contains(_shell.Host.Progress, p => p.Activity == "hello" && p.SecondsRemaining == -1);
        Assert.Equal(ProgressRecordType.Completed, _shell.Host.Progress.Last().RecordType);
    }

    [Fact]
    public void Durability_is_asked_for_by_name_and_stands_in_batch_json()
    {
        _shell.Invoke("New-WorkflowTest sim-strong -TaskType simple_task | Start-TestBatch fast -Durability processcrash");

        Assert.Contains("\"durability\": \"ProcessCrash\"", File.ReadAllText(Directory.GetFiles(_folder, "batch.json", SearchOption.AllDirectories).Single()), StringComparison.Ordinal);
    }

    [Fact]
    public void A_changed_plan_is_told_runs_what_is_new_and_a_batch_from_the_pipeline_is_no_plan()
    {
        _shell.Invoke("$cases = New-WorkflowTest sim-strong -TaskType simple_task -Instances 5; $cases[0..2] | Start-TestBatch plan");
        var whatIf = _shell.Show("$cases[1..4] | Resume-TestBatch plan -WhatIf");
        Assert.Contains("\"Resume batch with a changed plan: 2 added, 1 removed, 2 kept\"", whatIf, StringComparison.Ordinal);

        var screen = _shell.Show("$r = $cases[1..4] | Resume-TestBatch plan");

        Assert.StartsWith("Plan changed: 2 added, 1 removed, 2 kept.\nContinuing 'plan' here: 2 of 5 to run.\n", screen, StringComparison.Ordinal);
        Assert.Equal([3, 4], _shell.Invoke("$r.Index").Select(i => (int)i.BaseObject).Order());
        Assert.Equal(5, _shell.Invoke("Get-TestResult plan").Count);
        Assert.Equal(true, _shell.Invoke("Test-TestBatch plan -Quiet").Single().BaseObject);
        Assert.Contains("0 added, 1 removed, 4 kept", _shell.Show("Resume-TestBatch plan -InputObject $cases[1..4]"), StringComparison.Ordinal);
        Assert.Contains("'plan' is complete: 5 of 5.", _shell.Show("Get-TestBatch plan | Resume-TestBatch"), StringComparison.Ordinal);
        Assert.Equal(
            "PlanColumnsDiffer,PSRunner.Commands.ResumeTestBatchCommand",
            _shell.InvokeExpectingError("New-CommandTest dotnet -Matrix @{ Other = 1 } | Resume-TestBatch plan").FullyQualifiedErrorId);
    }

    [Fact]
    public void WhatIf_tells_size_and_limits_and_writes_nothing()
    {
        var screen = _shell.Show("New-WorkflowTest sim-strong flawed_* -Instances 5 | Start-TestBatch flawed -BatchTimeoutSeconds 3600 -WhatIf");

        Assert.Contains("\"Start batch 'flawed' of 175 cases, 20 at once, test limit 15m 00s, batch limit 1h 00m\" on target \"test-batches/flawed-", screen, StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFileSystemEntries(_folder));
    }

    [Fact]
    public void A_console_that_is_closed_ends_no_test()
    {
        _shell.Host.IsClosed = true;
        var rows = _shell.Invoke("$r = New-WorkflowTest sim-strong -Instances 20 | Start-TestBatch unheard -BatchVariable b; \"$($r.Count) $($b.State)\"");

        Assert.Equal("100 Completed", Assert.Single(rows).BaseObject);
    }

    [Fact]
    public void A_pipeline_that_takes_no_more_stops_the_batch_in_order()
    {
        var screen = _shell.Show("foreach ($once in 1) { New-WorkflowTest sim-strong -Instances 100 | Start-TestBatch cut | ForEach-Object { $_.Index; break } }");

        Assert.Contains("\nStopped by the pipeline; ", screen, StringComparison.Ordinal);
        Assert.Contains("\nGo on: Resume-TestBatch cut-", screen, StringComparison.Ordinal);
        Assert.DoesNotContain("Results so far", screen, StringComparison.Ordinal);
        Assert.Equal("Stopped", _shell.Invoke("(Get-TestProgress cut).State").Single().BaseObject);
        Assert.Equal(ProgressRecordType.Completed, _shell.Host.Progress.Last().RecordType);
    }

    [Fact]
    public void Ctrl_C_stops_the_batch_in_order_and_a_resume_runs_only_the_rest()
    {
        using (var ps = _shell.Create("New-WorkflowTest sim-strong -Instances 100 | Start-TestBatch stopped"))
        {
            using var first = new ManualResetEventSlim();
            var output = new PSDataCollection<PSObject>();
            output.DataAdded += (_, _) => first.Set();
            var running = ps.BeginInvoke<PSObject, PSObject>(null, output);
            Assert.True(first.Wait(Limit, TestContext.Current.CancellationToken));
            ps.Stop();
            Assert.Throws<PipelineStoppedException>(() => ps.EndInvoke(running));
        }

        Assert.Contains("\nStopped by Ctrl+C; ", _shell.Host.Screen, StringComparison.Ordinal);
        Assert.Contains("\nResults so far: Get-TestResult stopped-", _shell.Host.Screen, StringComparison.Ordinal);
        var done = _shell.Invoke("Get-TestResult stopped").Count;
        Assert.InRange(done, 1, 499);

        Assert.Equal(500 - done, _shell.Invoke("$rest = Resume-TestBatch stopped; $rest").Count);
        Assert.Contains($"Continuing 'stopped' here: {500 - done} of 500 to run.", _shell.Host.Screen, StringComparison.Ordinal);
        Assert.Equal((double)done, _shell.Invoke("($rest | Measure-TestResult).Missing").Single().BaseObject);
        Assert.Equal(0.0, _shell.Invoke("(Get-TestResult stopped | Measure-TestResult).Missing").Single().BaseObject);
        Assert.Contains("is complete: 500 of 500", _shell.Show("Resume-TestBatch stopped"), StringComparison.Ordinal);
    }

    [Fact]
    public void Results_are_cases_again_and_name_their_batch_through_the_pipeline()
    {
        _shell.Invoke("New-WorkflowTest sim-strong -TaskType simple_task -Instances 2 | Start-TestBatch once");
        var before = _shell.Invoke("Get-TestResult once | ForEach-Object Id").Select(o => o.BaseObject).Order();
        _shell.Invoke("Get-TestResult once | Start-TestBatch twice");

        Assert.Equal(before, _shell.Invoke("Get-TestResult twice | ForEach-Object Id").Select(o => o.BaseObject).Order());
        Assert.Single(_shell.Invoke("Get-TestResult twice | Get-TestProgress"));
        Assert.Empty(_shell.Invoke("Get-TestResult once | Stop-TestBatch"));
        Assert.Equal(4, _shell.Invoke("Get-TestResult *ce").Count);
    }

    [Fact]
    public void The_catalogue_shows_all_runs_newest_first_and_what_has_ended_is_waited_for_no_longer()
    {
        _shell.Invoke("1..3 | ForEach-Object { New-WorkflowTest sim-strong -TaskType simple_task | Start-TestBatch \"run$_\" | Out-Null }");

        Assert.Equal(3, _shell.Invoke("Get-TestBatch -Path test-batches").Count);
        Assert.Single(_shell.Invoke("Get-TestBatch -Path test-batches -Newest 1"));
        Assert.Equal(["PSRunner.TestBatch"], _shell.Invoke("Get-TestBatch run1").Select(b => b.TypeNames[0]));
        Assert.Equal(["Completed", "Completed", "Completed"], _shell.Invoke("Get-TestBatch run* | Wait-TestBatch -TimeoutSeconds 60 | ForEach-Object State").Select(o => o.BaseObject));
        Assert.Equal("BatchHasEnded", _shell.InvokeExpectingError("Suspend-TestBatch run1").FullyQualifiedErrorId.Split(',')[0]);
        Assert.Empty(_shell.Invoke("Suspend-TestBatch run*; Get-TestBatch run* -State Lost; Get-TestBatch run1 | Remove-TestBatch"));
        Assert.Equal(2, _shell.Invoke("Get-TestBatch -Path test-batches").Count);
        Assert.Equal(["run2", "run3"], _shell.Invoke("Get-TestBatch run* | ForEach-Object Name").Select(o => (string)o.BaseObject).Order());
        Assert.Single(_shell.Invoke("Get-TestResult run2 -Wait"));
    }

    [Fact]
    public void The_engine_lives_in_a_context_of_its_own()
    {
        _shell.Invoke("New-WorkflowTest sim-strong -TaskType simple_task | Start-TestBatch alone");

        string[] ours = ["PSRunner.Engine", "PSRunner.Workflows", "Parquet", "System.IO.Hashing"];
        var contexts = AssemblyLoadContext.All
            .SelectMany(c => c.Assemblies.Select(a => (Context: c.Name, Assembly: a.GetName().Name!)))
            .Where(p => ours.Contains(p.Assembly))
            .ToList();
        Assert.Equal(ours.Order(), contexts.Select(p => p.Assembly).Order());
        Assert.All(contexts, p => Assert.Equal("PSRunner.Engine", p.Context));
    }

    [GeneratedRegex(@"-\d{8}-\d{6}-[0-9a-f]{4}")]
    private static partial Regex Id();

    [GeneratedRegex(@"in [\d.]+m?s:")]
    private static partial Regex Time();
}
