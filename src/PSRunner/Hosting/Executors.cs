using PSRunner.Engine.Commands;
using PSRunner.Engine.Execution;
using PSRunner.Workflows;
using PSRunner.Workflows.Models;

namespace PSRunner.Hosting;

/// <summary>The executors that the module brings.</summary>
internal static class Executors
{
    public static IReadOnlyList<ITestExecutor> All() => [new WorkflowExecutor(Models), new CommandExecutor()];

    /// <summary>The models that cases can name.</summary>
    public static IModelCatalog Models => EmbeddedModels.FromEnvironment();
}
