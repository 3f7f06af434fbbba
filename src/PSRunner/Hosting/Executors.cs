using PSRunner.Engine.Execution;
using PSRunner.Workflows;

namespace PSRunner.Hosting;

/// <summary>The executors that the module brings.</summary>
internal static class Executors
{
    public static IReadOnlyList<ITestExecutor> All() => [new WorkflowExecutor()];
}
