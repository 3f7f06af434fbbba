using System.Management.Automation;

namespace PSRunner.Hosting;

/// <summary>Called by PowerShell when the module comes and goes, once for each runspace that imports it.</summary>
public sealed class ModuleLifetime : IModuleAssemblyInitializer, IModuleAssemblyCleanup
{
    /// <inheritdoc/>
    public void OnImport() => EngineLoadContext.Attach();

    /// <inheritdoc/>
    public void OnRemove(PSModuleInfo psModuleInfo) => EngineLoadContext.Detach();
}
