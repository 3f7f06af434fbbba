# The packaged module in a real pwsh: what the engine that psrunner hosts cannot show, because it carries core commands only.
# Run by build/Test-Specs.ps1, which imports the module and gives each run a state folder of its own.

BeforeAll {
    $started = Join-Path $TestDrive 'work'
    $null = New-Item -ItemType Directory $started
    Push-Location $started
    $results = New-WorkflowTest sim-strong, sim-weak baseline, flawed_missing_step -Instances 2 -Seed 7 |
        Start-TestBatch spec -BatchVariable batch 6> $null
}

AfterAll { Pop-Location }

Describe 'Import' {
    It 'goes on working after -Force and a removal' {
        # In a runspace of its own: the other specs need the module where it is.
        $shell = [powershell]::Create()
        $shell.AddScript({
            param($manifest)
            Import-Module $manifest; Import-Module $manifest -Force
            $kept = Get-TestResult spec
            Remove-Module PSRunner
            [bool] (Get-Command Get-TestResult -ErrorAction Ignore)
            Import-Module $manifest
            (Get-TestResult spec).Count
            $kept[0].Model
        }).AddArgument((Get-Module PSRunner).Path).Invoke() | Should -Be ($false, 40, $results[0].Model)
        $shell.Dispose()
    }

    It 'serves several runspaces at once' {
        $manifest = (Get-Module PSRunner).Path
        1..2 | ForEach-Object -ThrottleLimit 2 -Parallel {
            Import-Module $using:manifest
            (Get-TestResult spec | Measure-TestResult).Count
        } | Should -Be (2, 2)
    }
}

Describe 'Results in the everyday commands' {
    BeforeAll { $first = $results | Select-Object -First 1 }

    It 'gives Export-Csv one column for each property, whatever came first' {
        $results | Export-Csv results.csv
        $rows = Import-Csv results.csv
        $rows.Count | Should -Be 40
        $rows[0].psobject.Properties.Name | Should -Be $first.psobject.Properties.Name
        $rows.Where({ $_.Model -eq 'sim-weak' }).Count | Should -Be 20
    }

    It 'shows ConvertTo-Json and Select-Object * the same values as the adapter, and nothing of its inside' {
        $json = $first | ConvertTo-Json | ConvertFrom-Json
        $all = $first | Select-Object *
        foreach ($name in 'Outcome', 'Model', 'PromptType', 'Id', 'RunFolder') {
            $json.$name | Should -Be $first.$name
            $all.$name | Should -Be $first.$name
        }
        $json.psobject.Properties.Name | Sort-Object | Should -Be ($first.psobject.Properties.Name | Sort-Object)
    }

    It 'groups, filters and sorts by parameters' {
        $groups = $results | Group-Object Model, PromptType -NoElement
        $groups.Count | Should -Be 4
        ($groups | Measure-Object Count -Sum).Sum | Should -Be 40
        ($results | Where-Object Model -eq sim-strong).Count | Should -Be 20
        ($results | Where-Object prompt_type -like 'flawed*').Count | Should -Be 20
        ($results | Sort-Object Index)[0].Index | Should -Be 0
    }

    It 'answers under strict mode' {
        Set-StrictMode -Version Latest
        { $results | Where-Object Score -lt 0.5 | ForEach-Object { $_.Model; $_.Turns } } | Should -Not -Throw
    }

    It 'keeps properties and table through CliXml' {
        $first | Export-Clixml first.xml
        $read = Import-Clixml first.xml
        $read.Model | Should -Be $first.Model
        $read | Out-String -Width 80 | Should -BeLike "*$($first.Name)*"
    }
}

Describe 'Completion' {
    It 'completes <line> to <word>' -ForEach @(
        @{ line = 'New-WorkflowTest sim-s'; word = 'sim-strong' }
        @{ line = 'New-WorkflowTest sim-strong flawed_m'; word = 'flawed_missing_step' }
        @{ line = 'Get-TestResult spe'; word = 'spec' }
        @{ line = 'Resume-TestBatch -RetryOutcome throt'; word = 'throttled' }
    ) {
        (TabExpansion2 $line $line.Length).CompletionMatches.CompletionText | Should -Be $word
    }
}

Describe 'A batch' {
    It 'tells the caller how it ended' {
        $batch.State | Should -Be Completed
        $batch.Done | Should -Be 40
        $batch.Success | Should -Be ($results.Outcome -notcontains 'Failed')
    }

    It 'cut off by Select-Object -First keeps what was seen and goes on' {
        $seen = New-WorkflowTest sim-weak -Instances 10 | Start-TestBatch cut -ThrottleLimit 1 6> $null | Select-Object -First 2
        $seen.Count | Should -Be 2
        $kept = Get-TestResult cut
        $kept.Id | Should -Contain $seen[0].Id
        $kept.Id | Should -Contain $seen[1].Id
        $kept.Count | Should -BeLessThan 50
        $rest = Resume-TestBatch cut 6> $null
        $kept.Count + $rest.Count | Should -Be 50
        (Get-TestResult cut).Id | Sort-Object -Unique | Should -HaveCount 50
    }

    It 'starts nothing with -WhatIf' {
        New-WorkflowTest sim-weak | Start-TestBatch never -WhatIf
        Get-TestResult never* | Should -BeNullOrEmpty
        Get-ChildItem test-batches -Filter 'never*' | Should -BeNullOrEmpty
    }

    It 'reports a name that is not there as Get-Item does' {
        $found = Get-TestResult spec, no-such-batch -ErrorAction SilentlyContinue -ErrorVariable trouble
        $found.Count | Should -Be 40
        $trouble[0].FullyQualifiedErrorId | Should -BeLike 'BatchNotFound,*'
        $trouble[0].CategoryInfo.Category | Should -Be ObjectNotFound
    }
}

Describe 'Without anybody to ask' {
    It 'refuses what lacks an argument at once although standard input stays open' {
        $lines = "Import-Module '$((Get-Module PSRunner).Path)'; New-WorkflowTest; Stop-TestBatch; 1 | Save-TestResults"
        $shell = [System.Diagnostics.ProcessStartInfo]::new((Get-Process -Id $PID).Path)
        $shell.RedirectStandardInput = $shell.RedirectStandardOutput = $shell.RedirectStandardError = $true
        '-NoProfile', '-Command', $lines | ForEach-Object { $shell.ArgumentList.Add($_) }
        $process = [System.Diagnostics.Process]::Start($shell)
        try {
            $process.WaitForExit(60000) | Should -BeTrue
            $process.ExitCode | Should -Be 1
            $said = $process.StandardError.ReadToEnd()
            $said | Should -Match 'Which model'
            $said | Should -Match 'Which batch'
            $said | Should -Match 'Where to'
        }
        finally { $process.Kill($true); $process.Dispose() }
    }
}

Describe 'A shell that is ended' -Skip:$IsWindows {
    It 'by <Signal> ends its batch in order <How>' -ForEach @(
        @{ Signal = 'TERM'; How = ''; Name = 'term' }
        @{ Signal = 'HUP'; How = ''; Name = 'hup' }
        @{ Signal = 'HUP'; How = '-AsJob; [Threading.Thread]::Sleep(-1)'; Name = 'hupjob' }
        @{ Signal = 'TERM'; How = '-AsJob -InitializationScript { [Threading.Thread]::Sleep(1500) }; [Threading.Thread]::Sleep(-1)'; Name = 'termjob' }
    ) {
        $script = "Import-Module '$((Get-Module PSRunner).Path)'; 1..200 | Start-TestBatch $Name { [Threading.Thread]::Sleep(300) } -Isolation Runspace -ThrottleLimit 2 $How"
        $process = Start-Process pwsh '-NoProfile', '-EncodedCommand', ([Convert]::ToBase64String([Text.Encoding]::Unicode.GetBytes($script))) -PassThru -RedirectStandardOutput "$Name.txt"
        try {
            $deadline = [datetime]::UtcNow.AddSeconds(60)
            while (-not (Get-TestProgress $Name -ErrorAction Ignore).Done -and [datetime]::UtcNow -lt $deadline) { Start-Sleep -Milliseconds 100 }
            kill "-$Signal" $process.Id
            $process.WaitForExit(30000) | Should -BeTrue
            $batch = Get-TestBatch $Name
            $batch.State | Should -Be 'Stopped'
            $batch.Message | Should -BeLike "*SIG$Signal*"
            (Get-TestResult $Name).Outcome | Select-Object -Unique | Should -Be 'Passed'
            (Test-TestBatch $Name).Findings | Should -BeNullOrEmpty
        }
        finally { if (-not $process.HasExited) { $process.Kill($true) }; $process.Dispose() }
    }
}

Describe 'Help' {
    It 'has a synopsis and an example for <_>' -ForEach (Get-Command -Module PSRunner -CommandType Cmdlet).Name {
        $help = Get-Help $_
        $help.Synopsis | Should -Not -Match ([regex]::Escape("$_ ["))
        @($help.examples.example).Count | Should -BeGreaterThan 0
    }
}

Describe 'New-PromptTest' {
    It 'takes the rows of a CSV as prompts, and their other columns as parameters' {
        @'
id,category,prompt,expected
1,math,What is 2+2?,4
2,words,Reply with exactly: Paris,Paris
3,words,Tell me of {Rome},Rome
'@ | Set-Content qa.csv
        $answers = Import-Csv qa.csv | New-PromptTest sim-strong | Start-TestBatch qa 6> $null | Sort-Object Index
        $answers.Outcome | Should -Be ('Passed', 'Passed', 'Failed')
        $answers.category | Should -Be ('math', 'words', 'words')
        ($answers | Measure-TestResult category | Where-Object Group -eq words).PassRate | Should -Be 0.5
        $answers[2].Message | Should -Be "expected 'Rome'; got 'You asked: Tell me of {Rome}'"
    }

    It 'holds a reply to a JSON schema' {
        'Reply with: {"a":1}', 'Reply with: {"a":"1"}' | New-PromptTest sim-strong -ExpectSchema '{"properties":{"a":{"type":"integer"}}}' |
            Start-TestBatch schema 6> $null | Sort-Object Index | ForEach-Object Outcome | Should -Be ('Passed', 'Failed')
    }
}
