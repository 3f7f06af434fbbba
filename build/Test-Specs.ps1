<#
.SYNOPSIS
    Runs the Pester specs over the packaged module, in the pwsh that calls this.

.DESCRIPTION
    Takes the package that was built last, Debug or Release. Exits with 0 when every spec passed, else with 1.
    Needs Pester 5: Install-PSResource Pester.

.EXAMPLE
    dotnet build; pwsh -NoProfile -NonInteractive -File build/Test-Specs.ps1
#>
[CmdletBinding()]
param()

$ErrorActionPreference = 'Stop'
$root = Split-Path $PSScriptRoot

$package = Get-ChildItem (Join-Path $root artifacts '*' PSRunner PSRunner.dll) -ErrorAction Ignore |
    Sort-Object LastWriteTimeUtc -Descending | Select-Object -First 1
if (-not $package) { throw "There is no built module under '$root/artifacts'. Build it first: dotnet build" }
$manifest = Join-Path $package.DirectoryName PSRunner.psd1

# Batches of specs must not show up among the user's own, nor the user's among theirs.
$state = Join-Path ([System.IO.Path]::GetTempPath()) "psrunner-specs-$([guid]::NewGuid().ToString('n'))"
$before = $env:XDG_STATE_HOME
$env:XDG_STATE_HOME = $state
try {
    Import-Module Pester -MinimumVersion 5.0
    Import-Module $manifest
    $configuration = New-PesterConfiguration
    $configuration.Run.Path = Join-Path $root tests PSRunner.Specs
    $configuration.Run.PassThru = $true
    $configuration.Output.Verbosity = 'Normal'
    $run = Invoke-Pester -Configuration $configuration
}
finally {
    $env:XDG_STATE_HOME = $before
    Remove-Item $state -Recurse -Force -ErrorAction Ignore
}

# A file that does not even parse runs no spec: that is a failure too.
exit [int]($run.Result -ne 'Passed' -or $run.PassedCount -eq 0)
