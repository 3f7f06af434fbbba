using System.Management.Automation;
using System.Runtime.Loader;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class ImportTests
{
    [Fact]
    public void The_module_exports_what_its_manifest_lists_and_nothing_else()
    {
        using var shell = new HostedPowerShell();
        var module = (PSModuleInfo)shell.Invoke("Get-Module PSRunner").Single().BaseObject;
        var manifest = shell.Invoke("Test-ModuleManifest -Path $args[0]", Repository.Manifest).Single().BaseObject as PSModuleInfo;

        Assert.Equal(manifest!.ExportedCmdlets.Keys.Order(), module.ExportedCmdlets.Keys.Order());
        Assert.Equal(["Save-TestResult"], module.ExportedAliases.Keys);
        Assert.Empty(module.ExportedFunctions);
        Assert.Empty(module.ExportedVariables);
        Assert.Equal(new Version(7, 6), manifest.PowerShellVersion);
    }

    [Fact]
    public void Every_cmdlet_of_the_assembly_is_exported()
    {
        using var shell = new HostedPowerShell();
        var module = (PSModuleInfo)shell.Invoke("Get-Module PSRunner").Single().BaseObject;
        var cmdlets = AssemblyNamed("PSRunner").GetExportedTypes()
            .Select(t => t.GetCustomAttributes(typeof(CmdletAttribute), inherit: false).Cast<CmdletAttribute>().SingleOrDefault())
            .Where(a => a is not null)
            .Select(a => $"{a!.VerbName}-{a.NounName}");

        Assert.Equal(cmdlets.Order(), module.ExportedCmdlets.Keys.Order());
    }

    [Fact]
    public void Every_verb_is_approved()
    {
        using var shell = new HostedPowerShell();
        var approved = typeof(VerbsCommon).Assembly.GetExportedTypes()
            .Where(t => t.Name.StartsWith("Verbs", StringComparison.Ordinal))
            .SelectMany(t => t.GetFields().Select(f => f.GetRawConstantValue() as string))
            .ToHashSet();
        var module = (PSModuleInfo)shell.Invoke("Get-Module PSRunner").Single().BaseObject;

        Assert.All(module.ExportedCmdlets.Values, c => Assert.Contains(c.Verb, approved));
    }

    [Fact]
    public void Exported_types_show_no_type_that_is_not_in_the_default_context()
    {
        using var shell = new HostedPowerShell();
        var strangers = Directory.EnumerateFiles(Path.Combine(Repository.ModuleFolder, "dependencies"), "*.dll")
            .Select(Path.GetFileNameWithoutExtension)
            .ToHashSet();
        var shown = new[] { "PSRunner", "PSRunner.Abstractions" }
            .SelectMany(name => AssemblyNamed(name).GetExportedTypes())
            .SelectMany(t => t.GetMembers().SelectMany(TypesShown).Append(t.BaseType).Concat(t.GetInterfaces()))
            .Where(t => t is not null)
            .Select(t => t!.Assembly.GetName().Name)
            .Distinct();

        Assert.DoesNotContain(shown, strangers.Contains);
    }

    [Fact]
    public void The_package_holds_no_PowerShell_engine()
    {
        Assert.DoesNotContain(
            Directory.EnumerateFiles(Repository.ModuleFolder, "*.dll", SearchOption.AllDirectories),
            f => Path.GetFileName(f).StartsWith("System.Management.Automation", StringComparison.OrdinalIgnoreCase));
        Assert.Equal(
            ["PSRunner.Abstractions.dll", "PSRunner.dll"],
            Directory.EnumerateFiles(Repository.ModuleFolder, "*.dll").Select(Path.GetFileName).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void Import_with_force_and_several_runspaces_at_once_keep_the_commands()
    {
        using var shell = new HostedPowerShell();
        shell.Invoke("Import-Module -Name $args[0] -Force; Import-Module -Name $args[0] -Force", Repository.Manifest);
        Assert.NotEmpty(shell.Invoke("Get-Command -Module PSRunner"));

        var shells = Enumerable.Range(0, 5).Select(_ => new HostedPowerShell()).ToList();
        shells.ForEach(s => s.Dispose());
        Assert.NotEmpty(shell.Invoke("Get-Command -Module PSRunner"));
    }

    private static System.Reflection.Assembly AssemblyNamed(string name) =>
        AssemblyLoadContext.Default.Assemblies.Single(a => a.GetName().Name == name);

    private static IEnumerable<Type?> TypesShown(System.Reflection.MemberInfo member) => member switch
    {
        System.Reflection.MethodInfo m => m.GetParameters().Select(p => (Type?)p.ParameterType).Append(m.ReturnType),
        System.Reflection.ConstructorInfo c => c.GetParameters().Select(p => (Type?)p.ParameterType),
        System.Reflection.PropertyInfo p => [p.PropertyType],
        System.Reflection.FieldInfo f => [f.FieldType],
        _ => [],
    };
}
