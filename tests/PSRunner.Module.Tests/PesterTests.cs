using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

/// <summary>What New-PesterTest refuses. That it runs Pester is shown by tests/PSRunner.Specs, which have a Pester.</summary>
[Collection(OneAtATime.Name)]
public sealed class PesterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-pester-").FullName;
    private readonly string? _path = Environment.GetEnvironmentVariable("PATH");
    private readonly string? _modules = Environment.GetEnvironmentVariable("PSModulePath");
    private readonly string? _home = Environment.GetEnvironmentVariable("XDG_DATA_HOME");
    private readonly HostedPowerShell _shell;

    public PesterTests()
    {
        _shell = new HostedPowerShell(_folder);
        Environment.SetEnvironmentVariable("PATH", Directory.CreateDirectory(Path.Combine(_folder, "bin")).FullName);
        Environment.SetEnvironmentVariable("PSModulePath", Path.Combine(_folder, "modules"));
        Environment.SetEnvironmentVariable("XDG_DATA_HOME", Path.Combine(_folder, "data"));
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("PATH", _path);
        Environment.SetEnvironmentVariable("PSModulePath", _modules);
        Environment.SetEnvironmentVariable("XDG_DATA_HOME", _home);
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }

    [Fact]
    public void Without_pwsh_or_Pester_nothing_is_made_and_the_error_says_what_is_missing()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Makes an executable by its permission.");
            return;
        }

        File.WriteAllText(Path.Combine(_folder, "a.Tests.ps1"), "");
        Assert.Equal("PwshMissing", ErrorOf("New-PesterTest a.Tests.ps1"));

        var pwsh = Path.Combine(_folder, "bin", "pwsh");
        File.WriteAllText(pwsh, "#!/bin/sh\n");
        File.SetUnixFileMode(pwsh, UnixFileMode.UserRead | UnixFileMode.UserExecute);
        Assert.Equal("PesterMissing", ErrorOf("New-PesterTest a.Tests.ps1"));

        Directory.CreateDirectory(Path.Combine(_folder, "modules", "Pester", "4.10.1"));
        Assert.Equal("PesterMissing", ErrorOf("New-PesterTest a.Tests.ps1"));

        File.WriteAllText(Path.Combine(Directory.CreateDirectory(Path.Combine(_folder, "modules", "Pester", "5.7.1")).FullName, "Pester.psd1"), "");
        Assert.Equal("a.Tests.ps1", _shell.Invoke("(New-PesterTest a.Tests.ps1).Name").Single().BaseObject);
        Assert.Equal("PesterFileNotFound", ErrorOf("New-PesterTest no-such.Tests.ps1"));
        Assert.Equal("PesterFileNotFound", ErrorOf("New-PesterTest bin"));
        Assert.Equal("PesterFileNotFound", ErrorOf("New-PesterTest"));
    }

    private string ErrorOf(string script) => _shell.InvokeExpectingError(script).FullyQualifiedErrorId.Split(',')[0];
}
