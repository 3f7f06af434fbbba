@{
    RootModule             = 'PSRunner.dll'
    ModuleVersion          = '0.1.0'
    GUID                   = 'fe23e448-ed92-4156-9ad2-5e0c95d72cb5'
    Author                 = 'The PSRunner authors'
    CompanyName            = 'The PSRunner authors'
    Copyright              = 'Copyright (c) 2026 the PSRunner authors. MIT licence.'
    Description            = 'Runs large batches of tests that never hang and never lose a result: LLM tool-workflow tests and more, with results as objects, durable the moment they are seen, and Parquet files to query.'
    PowerShellVersion      = '7.6'
    CompatiblePSEditions   = @('Core')

    # The adapter that the types file names must be loaded before that file is read.
    RequiredAssemblies     = @('PSRunner.Abstractions.dll', 'PSRunner.dll')
    TypesToProcess         = @('PSRunner.types.ps1xml')
    FormatsToProcess       = @('PSRunner.format.ps1xml')

    CmdletsToExport        = @(
        'Get-TestBatch'
        'Get-TestEndpoint'
        'Get-TestProgress'
        'Get-TestResult'
        'Measure-TestResult'
        'New-CommandTest'
        'New-PesterTest'
        'New-PromptTest'
        'New-ScriptTest'
        'New-WorkflowTest'
        'Register-TestEndpoint'
        'Remove-TestBatch'
        'Repair-TestBatch'
        'Resume-TestBatch'
        'Save-TestResults'
        'Set-TestBatch'
        'Set-TestEndpoint'
        'Start-TestBatch'
        'Stop-TestBatch'
        'Suspend-TestBatch'
        'Test-TestBatch'
        'Test-TestEndpoint'
        'Unregister-TestEndpoint'
        'Wait-TestBatch'
        'Watch-TestBatch'
    )
    AliasesToExport        = @('Save-TestResult')
    FunctionsToExport      = @()
    VariablesToExport      = @()

    PrivateData            = @{
        PSData = @{
            Tags = @('Test', 'Testing', 'Batch', 'Benchmark', 'Evaluation', 'LLM', 'Agent', 'Parquet', 'PSEdition_Core', 'Windows', 'Linux', 'MacOS')
        }
    }
}
