using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace PSRunner.Shell;

/// <summary>Says in one line why an everyday command is missing here, where PowerShell would only say that it is unknown.</summary>
internal static class MissingCommands
{
    /// <summary>The commands of the Utility, Management and Archive modules that people type most, and their short names.</summary>
    private static readonly HashSet<string> Everyday = new(
        """
        Add-Content Add-Member Add-Type Clear-Content Clear-Item Clear-Variable Compare-Object Compress-Archive
        ConvertFrom-Csv ConvertFrom-Json ConvertFrom-StringData ConvertTo-Csv ConvertTo-Html ConvertTo-Json ConvertTo-Xml
        Convert-Path Copy-Item Expand-Archive Export-Clixml Export-Csv Format-Custom Format-Hex Format-List Format-Table
        Format-Wide Get-ChildItem Get-Clipboard Get-Content Get-Culture Get-Date Get-Error Get-FileHash Get-Host Get-Item
        Get-ItemProperty Get-Location Get-Member Get-Process Get-PSDrive Get-Random Get-SecureRandom Get-TimeZone
        Get-TypeData Get-Unique Get-Uptime Get-Variable Get-Verb Group-Object Import-Clixml Import-Csv
        Import-PowerShellDataFile Invoke-Expression Invoke-Item Invoke-RestMethod Invoke-WebRequest Join-Path Join-String
        Measure-Command Measure-Object Move-Item New-Alias New-Guid New-Item New-Object New-TemporaryFile New-TimeSpan
        New-Variable Out-File Out-String Pop-Location Push-Location Read-Host Remove-Item Remove-Variable Rename-Item
        Resolve-Path Select-Object Select-String Select-Xml Set-Alias Set-Content Set-Item Set-Location Set-Variable
        Show-Markdown Sort-Object Split-Path Start-Process Start-Sleep Stop-Process Tee-Object Test-Connection
        Test-Json Test-Path Trace-Command Update-List Wait-Debugger Wait-Process Write-Debug Write-Error Write-Host
        Write-Information Write-Output Write-Progress Write-Verbose Write-Warning
        cat cd copy cp del dir echo fl ft gc gci gi gm group iex irm iwr ls measure mv pwd rm select sleep sort tee write
        """.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), StringComparer.OrdinalIgnoreCase);

    /// <summary>Named after this program, because PowerShell puts the name of the failing command before its message.</summary>
    private const string RefusalName = "psrunner";

    private const string Refusal = """
        [CmdletBinding()]
        param([Parameter(ValueFromRemainingArguments)] $Rest, [Parameter(ValueFromPipeline)] $InputObject)
        begin {
            $name = $MyInvocation.InvocationName
            $PSCmdlet.ThrowTerminatingError([System.Management.Automation.ErrorRecord]::new(
                [System.Management.Automation.CommandNotFoundException]::new("$name comes with pwsh; here are PowerShell's core commands only."),
                'OnlyInPwsh', 'ObjectNotFound', $name))
        }
        """;

    /// <summary>Puts the refusal into a session that is about to open.</summary>
    public static void AddTo(InitialSessionState state) => state.Commands.Add(new SessionStateFunctionEntry(RefusalName, Refusal));

    /// <summary>Sends calls of missing everyday commands to it.</summary>
    public static void Explain(Runspace runspace)
    {
        var commands = runspace.SessionStateProxy.InvokeCommand;
        commands.CommandNotFoundAction = (_, lookup) =>
        {
            if (Everyday.Contains(lookup.CommandName))
            {
                lookup.Command = commands.GetCommand(RefusalName, CommandTypes.Function);
                lookup.StopSearch = true;
            }
        };
    }
}
