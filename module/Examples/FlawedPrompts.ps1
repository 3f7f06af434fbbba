<#
.SYNOPSIS
    Section 5.3 of the old test suite: how well do models cope with a damaged plan?

.DESCRIPTION
    7 flaws x 5 task types x 5 instances for each model, easy tasks, tools that succeed 8 times in 10. The limits are those
    of the command that was once recommended as safe: 20 at once, a checkpoint every 5 results, one hour in all. The old
    runner hung for 40 hours on this job and had written nothing; here every result is on disk before it is shown.

    Needs core commands only, so it runs in psrunner and in pwsh. Exits with 0 when the batch is complete, else with 1.

.EXAMPLE
    psrunner -File FlawedPrompts.ps1

.EXAMPLE
    pwsh -NonInteractive -File FlawedPrompts.ps1 -Model sim-strong,sim-flaky -Instances 20

.EXAMPLE
    psrunner -File FlawedPrompts.ps1 -TaskLibrary task_library.json -ToolRegistry tool_registry.json
#>
[CmdletBinding()]
param(
    # Models to test.
    [string[]] $Model = @('sim-strong', 'sim-weak', 'sim-unclosed-tags'),

    # Tasks of each type.
    [int] $Instances = 5,

    # A file of tasks; generated ones when not given.
    [string] $TaskLibrary,

    # A file of tools; the built-in ones when not given.
    [string] $ToolRegistry,

    # The folder that holds the run folders.
    [string] $OutputPath = './test-batches'
)

$ErrorActionPreference = 'Stop'
if (-not (Get-Module PSRunner)) { Import-Module PSRunner }

$tests = @{
    Model           = $Model -split ','   # -File hands over a,b as one text
    PromptType      = 'flawed_*'
    Difficulty      = 'easy'
    Instances       = $Instances
    ToolSuccessRate = 0.8
    Seed            = 42
}
if ($TaskLibrary) { $tests.TaskLibrary = $TaskLibrary }
if ($ToolRegistry) { $tests.ToolRegistry = $ToolRegistry }

$limits = @{
    OutputPath          = $OutputPath
    ThrottleLimit       = 20
    CheckpointInterval  = 5
    BatchTimeoutSeconds = 3600
}

$results = New-WorkflowTest @tests | Start-TestBatch flawed @limits -BatchVariable batch

$results | Measure-TestResult Model, PromptType

exit [int]($batch.State -ne 'Completed')
