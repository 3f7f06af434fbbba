using System.Reflection;

namespace PSRunner.Module.Tests.Hosting;

/// <summary>Makes objects of the packaged assembly by reflection: these tests reference nothing of it, so they load what users load.</summary>
internal static class Made
{
    private const BindingFlags Any = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic;

    /// <summary>A result with the given properties; the module must have been imported before.</summary>
    public static object Result(
        string outcome, string name, (string Name, object? Value)[] parameters, (string Name, double Value)[] metrics, params (string Property, object Value)[] more)
    {
        var result = New("PSRunner.TestResult");
        Set(result, "Outcome", outcome);
        Set(result, "Name", name);
        Set(result, "Kind", "workflow");
        Set(result, "Id", new string('a', 32));
        var text = Enum.Parse(TypeOf("PSRunner.ColumnType"), "Text");
        var pair = typeof(ValueTuple<,>).MakeGenericType(typeof(string), text.GetType());
        var names = Array.CreateInstance(pair, parameters.Length);
        for (var i = 0; i < parameters.Length; i++)
        {
            names.SetValue(Activator.CreateInstance(pair, parameters[i].Name, text), i);
        }

        var build = TypeOf("PSRunner.ResultSchema").GetMethod("Build")!;
        Set(result, "Schema", build.Invoke(null, [names, metrics.Select(m => m.Name).ToArray()])!);
        Set(result, "ParameterValues", parameters.Select(p => p.Value).ToArray());
        Set(result, "MetricValues", metrics.Select(m => m.Value).ToArray());
        foreach (var (property, value) in more)
        {
            Set(result, property, value);
        }

        return result;
    }

    /// <summary>Copies of a result that differ in index and output, each made when it is asked for.</summary>
    public static IEnumerable<object> Copies(object result, int count, Func<int, string> output)
    {
        var clone = result.GetType().GetMethod("MemberwiseClone", Any)!;
        for (var i = 0; i < count; i++)
        {
            var copy = clone.Invoke(result, null)!;
            Set(copy, "Index", i);
            Set(copy, "Output", output(i));
            yield return copy;
        }
    }

    /// <summary>Any object with a parameterless constructor.</summary>
    public static object Thing(string typeName, params (string Property, object Value)[] properties)
    {
        var thing = New(typeName);
        foreach (var (property, value) in properties)
        {
            Set(thing, property, value);
        }

        return thing;
    }

    public static Type TypeOf(string name) =>
        AppDomain.CurrentDomain.GetAssemblies().Single(a => a.GetName().Name == "PSRunner.Abstractions").GetType(name, throwOnError: true)!;

    private static object New(string typeName) => Activator.CreateInstance(TypeOf(typeName))!;

    private static void Set(object target, string property, object value) =>
        target.GetType().GetProperty(property, Any)!.SetValue(target, value);
}
