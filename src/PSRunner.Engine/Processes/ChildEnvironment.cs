using System.Collections;

namespace PSRunner.Engine.Processes;

/// <summary>The variables a child starts with: those of this process at one moment, plus what its options say.</summary>
internal sealed class ChildEnvironment
{
    private readonly Dictionary<string, string> _inherited = new(Comparer);

    /// <summary>Takes the variables of this process as they are now.</summary>
    public ChildEnvironment()
    {
        foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
        {
            _inherited[(string)variable.Key] = (string?)variable.Value ?? "";
        }
    }

    private static StringComparer Comparer => OperatingSystem.IsWindows() ? StringComparer.OrdinalIgnoreCase : StringComparer.Ordinal;

    /// <summary>The variables for a child.</summary>
    public Dictionary<string, string> For(ProcessTreeOptions options)
    {
        var all = new Dictionary<string, string>(_inherited, Comparer);
        foreach (var (name, value) in options.Environment)
        {
            if (value is null)
            {
                all.Remove(name);
            }
            else
            {
                all[name] = value;
            }
        }

        all[ProcessTrees.CaseVariable] = options.Marker;
        return all;
    }
}
