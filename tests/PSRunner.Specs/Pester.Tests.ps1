# Pester files as test cases. Only here: xunit has no Pester to run. Run by build/Test-Specs.ps1.

BeforeAll {
    $started = Join-Path $TestDrive 'pester'
    $null = New-Item -ItemType Directory $started/files/deep
    Push-Location $started
    Set-Content files/math.Tests.ps1 @'
Describe 'math' {
    It 'adds' { 1 + 1 | Should -Be 2 }
    It 'rounds <_>' -ForEach 1, 2 { [math]::Round($_) | Should -Be 1 }
    It 'waits' -Skip { }
    It 'is left out' -Tag slow { throw 'never' }
}
'@
    Set-Content files/deep/hangs.Tests.ps1 "Describe 'net' { It 'answers' { }; It 'hangs' { while (`$true) { } }; It 'closes' { } }"
    Set-Content files/dies.Tests.ps1 "Describe 'c' { It 'lives' { }; It 'dies' { [Environment]::Exit(9) } }"
    Set-Content files/broken.Tests.ps1 "throw 'does not even begin'"
    Set-Content files/fine.Tests.ps1 "Describe 'fine' { It 'is' { `$PSScriptRoot | Should -Be '$started/files' } }"
    Set-Content files/helper.ps1 'throw "no test"'
    $results = New-PesterTest files -ExcludeTag slow | Start-TestBatch pester -TestTimeoutSeconds 8 -GracePeriodSeconds 2 6> $null
    $byName = $results | Group-Object Name -AsHashTable -AsString
}

AfterAll { Pop-Location }

Describe 'Pester files' {
    It 'are one case each' {
        $results.Name | Sort-Object | Should -Be ('broken.Tests.ps1', 'dies.Tests.ps1', 'fine.Tests.ps1', 'hangs.Tests.ps1', 'math.Tests.ps1')
        $byName['hangs.Tests.ps1'].Path | Should -Be 'files/deep/hangs.Tests.ps1'
    }

    It 'end <outcome> (<cause>): <name>' -ForEach @(
        @{ name = 'fine.Tests.ps1'; outcome = 'Passed'; cause = ''; steps = 1; failed = 0 }
        @{ name = 'math.Tests.ps1'; outcome = 'Failed'; cause = 'assertion'; steps = 4; failed = 1 }
        @{ name = 'hangs.Tests.ps1'; outcome = 'TimedOut'; cause = 'test-timeout'; steps = 3; failed = 0 }
        @{ name = 'dies.Tests.ps1'; outcome = 'Crashed'; cause = 'worker-crash'; steps = 2; failed = 0 }
        @{ name = 'broken.Tests.ps1'; outcome = 'Errored'; cause = 'exception'; steps = [double]::NaN; failed = [double]::NaN }
    ) {
        $result = $byName[$name]
        $result.Outcome | Should -Be $outcome
        $result.Cause | Should -Be $cause
        "$($result.Steps) $($result.StepsFailed)" | Should -Be "$steps $failed"
    }

    It 'tell their Its apart, those not reached too' {
        $byName['math.Tests.ps1'].GetSteps() | ForEach-Object { "$($_.Outcome) $($_.Name)" } |
            Should -Be ('Passed math.adds', 'Passed math.rounds 1', 'Failed math.rounds 2', 'Skipped math.waits')
        $byName['hangs.Tests.ps1'].GetSteps() | ForEach-Object { "$($_.Outcome) $($_.Name)" } |
            Should -Be ('Passed net.answers', 'NotRun net.hangs', 'NotRun net.closes')
        $byName['math.Tests.ps1'].Message | Should -Be '1 of 4 steps failed: math.rounds 2: Expected 1, but got 2.'
    }

    It 'become a test for each It in a report for CI servers' {
        $results | Save-TestResults report.xml
        $cases = ([xml] (Get-Content report.xml -Raw)).testsuites.testsuite.testcase
        $cases.name | Should -Contain 'math.Tests.ps1 > math.rounds 2'
        ($cases | Where-Object name -eq 'hangs.Tests.ps1 > net.hangs').error.type | Should -Be 'test-timeout'
        ($cases | Where-Object name -eq 'math.Tests.ps1 > math.adds').failure | Should -BeNullOrEmpty
        $cases | Should -HaveCount 13
    }

    It 'come from the pipeline of Get-ChildItem, helpers left out' {
        (Get-ChildItem files | New-PesterTest).Name | Sort-Object | Should -Be ('broken.Tests.ps1', 'dies.Tests.ps1', 'fine.Tests.ps1', 'hangs.Tests.ps1', 'math.Tests.ps1')
    }
}
