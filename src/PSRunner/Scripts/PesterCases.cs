using System.Collections;
using PSRunner.Engine.Workers;
using PSRunner.Hosting;

namespace PSRunner.Scripts;

/// <summary>Makes cases of Pester files: scripts that run Pester, each in a worker of its own, and tell of every It as it ends.</summary>
internal static class PesterCases
{
    /// <summary>The kind of the cases.</summary>
    public const string Kind = "pester";

    /// <summary>See <see cref="Engine.Execution.ITestExecutor.Fingerprint"/>.</summary>
    public const string Fingerprint = "pester/1";

    // The plugin is the way that Pester keeps for editors which show results as they come (its issue 2021). It tells of the
    // Its before they run, so that those a hang kept from running are known.
    private const string Script =
        """
        param($Path, $Tag, $ExcludeTag)
        $ErrorActionPreference = 'Stop'
        Import-Module Pester -MinimumVersion 5.0
        $ids = [System.Collections.Generic.Dictionary[object, int]]::new([System.Collections.Generic.ReferenceEqualityComparer]::Instance)
        $found = {
            param($Context)
            $blocks = [System.Collections.Generic.Stack[object]]::new()
            $blocks.Push($Context.Block)
            while ($blocks.Count -gt 0) {
                $block = $blocks.Pop()
                foreach ($test in $block.Tests) {
                    if ($test.ShouldRun) {
                        $ids[$test] = $ids.Count
                        [PSRunner.Scripts.TestWorker]::ReportStep($ids[$test], $test.Path -join '.', 'NotRun', [double]::NaN, '')
                    }
                }
                foreach ($inner in $block.Blocks) { $blocks.Push($inner) }
            }
        }.GetNewClosure()
        $ended = {
            param($Context)
            $test = $Context.Test
            $outcome = if ($test.Skipped -or $test.Inconclusive) { 'Skipped' } elseif ($test.Passed) { 'Passed' } else { 'Failed' }
            [PSRunner.Scripts.TestWorker]::ReportStep($ids[$test], $test.ExpandedPath, $outcome, $test.UserDuration.TotalSeconds, "$($test.ErrorRecord | Select-Object -First 1)")
        }.GetNewClosure()
        & (Get-Module Pester) {
            param($Found, $Ended)
            $script:additionalPlugins = @(New-PluginObject -Name PSRunner -ContainerRunStart $Found -EachTestTeardownEnd $Ended)
        } $found $ended
        $configuration = New-PesterConfiguration
        $configuration.Run.Path = [System.Management.Automation.WildcardPattern]::Escape($Path)
        $configuration.Run.PassThru = $true
        $configuration.Output.Verbosity = 'None'
        if ($Tag) { $configuration.Filter.Tag = $Tag }
        if ($ExcludeTag) { $configuration.Filter.ExcludeTag = $ExcludeTag }
        $run = Invoke-Pester -Configuration $configuration

        # Pester's last word: a teardown may have failed a test after it ended.
        foreach ($test in $run.Tests.Where({ $ids.ContainsKey($_) })) {
            $outcome = switch ($test.Result) { Passed { 'Passed' } Failed { 'Failed' } NotRun { 'NotRun' } default { 'Skipped' } }
            $why = "$($test.ErrorRecord | Select-Object -First 1)"
            [PSRunner.Scripts.TestWorker]::ReportStep($ids[$test], $test.ExpandedPath ?? ($test.Path -join '.'), $outcome, $test.UserDuration.TotalSeconds, $why)
            "[$(@{ Passed = '+'; Failed = '-' }[$outcome] ?? '!')] $($test.ExpandedPath)$(if ($why) { ": $why" })"
        }
        $broken = @(@($run.FailedContainers) + @($run.FailedBlocks) | ForEach-Object { $_.ErrorRecord } | Where-Object { $_ })
        if ($broken) { $broken | ForEach-Object { "[-] $_" } }
        $failed = @($run.Failed)
        if ($failed) {
            @{ Outcome = 'Failed'; Message = "$($failed.Count) of $($ids.Count) steps failed: $($failed[0].ExpandedPath): $(@($failed[0].ErrorRecord) + $broken | Select-Object -First 1)" }
        }
        elseif ($run.Result -ne 'Passed') { @{ Outcome = 'Errored'; Message = "$($broken | Select-Object -First 1)" } }
        elseif ($run.PassedCount -eq 0) { @{ Outcome = 'Skipped'; Message = 'no step ran' } }
        else { @{ Outcome = 'Passed' } }
        """;

    /// <summary>The script that all of them share.</summary>
    public static SharedDefinition Shared { get; } = ScriptCases.Share(new ScriptCode { Text = Script });

    /// <summary>What is measured of every file.</summary>
    public static IReadOnlyList<string> Metrics { get; } = [StepMetrics.Steps, StepMetrics.Failed];

    /// <summary>What the case of a file adds.</summary>
    /// <param name="path">A full path.</param>
    /// <param name="tags">Tags of the blocks and Its to run; empty: all.</param>
    /// <param name="excludedTags">Tags of those to leave out.</param>
    public static string DefinitionOf(string path, string[] tags, string[] excludedTags) =>
        new ScriptInput { Input = InputObject.Serialize(new Hashtable { ["Path"] = path, ["Tag"] = tags, ["ExcludeTag"] = excludedTags }, path) }.ToJson();

    /// <summary>The folders in which pwsh finds modules.</summary>
    /// <exception cref="TestBatchException">PwshMissing.</exception>
    public static IReadOnlyList<string> ModuleFolders()
    {
        var listed = (Environment.GetEnvironmentVariable("PSModulePath") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries);
        var own = Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData), "powershell", "Modules");
        return [.. listed.Append(own).Append(Path.Combine(ModuleShell.PwshFolder(), "Modules")).Distinct(StringComparer.Ordinal)];
    }

    /// <summary>True when one of the folders has Pester 5 or later.</summary>
    public static bool HasPester(IEnumerable<string> folders) =>
        folders.Select(folder => Path.Combine(folder, "Pester")).Where(Directory.Exists).SelectMany(Directory.EnumerateDirectories)
            .Any(folder => Version.TryParse(Path.GetFileName(folder), out var version) && version.Major >= 5 && File.Exists(Path.Combine(folder, "Pester.psd1")));
}
