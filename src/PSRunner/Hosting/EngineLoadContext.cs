using System.Reflection;
using System.Runtime.Loader;

namespace PSRunner.Hosting;

/// <summary>
/// The one load context of the engine and of everything it stands on, so that no other module's Polly can break ours and
/// ours breaks no other's. The default context asks it for our own two assemblies and for nothing else.
/// </summary>
internal sealed class EngineLoadContext : AssemblyLoadContext
{
    private static readonly HashSet<string> Answered = new(StringComparer.Ordinal) { "PSRunner.Engine", "PSRunner.Workflows" };
    private static readonly Lock Gate = new();
    private static EngineLoadContext? s_context;
    private static int s_users;

    private readonly string _folder;

    private EngineLoadContext(string folder)
        : base("PSRunner.Engine") => _folder = folder;

    /// <summary>Starts answering the default context; counted, because several runspaces may import the module.</summary>
    public static void Attach()
    {
        lock (Gate)
        {
            if (s_users++ == 0)
            {
                // The context outlives a removal: a second import must find the same engine types.
                s_context ??= new EngineLoadContext(Path.Combine(Path.GetDirectoryName(typeof(EngineLoadContext).Assembly.Location)!, "dependencies"));
                Default.Resolving += Answer;
            }
        }
    }

    /// <summary>Stops answering when the last runspace has removed the module.</summary>
    public static void Detach()
    {
        lock (Gate)
        {
            if (s_users > 0 && --s_users == 0)
            {
                Default.Resolving -= Answer;
            }
        }
    }

    /// <inheritdoc/>
    protected override Assembly? Load(AssemblyName assemblyName)
    {
        // Objects cross between the cmdlets and the engine: both must mean the same TestResult.
        if (assemblyName.Name == typeof(TestResult).Assembly.GetName().Name)
        {
            return typeof(TestResult).Assembly;
        }

        var path = Path.Combine(_folder, assemblyName.Name + ".dll");
        return File.Exists(path) ? LoadFromAssemblyPath(path) : null;
    }

    private static Assembly? Answer(AssemblyLoadContext context, AssemblyName name) =>
        name.Name is { } simple && Answered.Contains(simple) ? s_context?.LoadFromAssemblyName(name) : null;
}
