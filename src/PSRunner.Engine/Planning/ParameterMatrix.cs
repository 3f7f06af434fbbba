namespace PSRunner.Engine.Planning;

/// <summary>The cross product of lists of parameter values. The first name varies slowest.</summary>
public static class ParameterMatrix
{
    /// <summary>One list of parameters for each combination: those that are always the same first. No axis: one combination.</summary>
    /// <exception cref="TestBatchException">ParameterTwice, MatrixAxisEmpty, MatrixValueNotScalar.</exception>
    public static IEnumerable<IReadOnlyList<KeyValuePair<string, object?>>> Cross(
        IReadOnlyList<KeyValuePair<string, object?>> always, IReadOnlyList<KeyValuePair<string, IReadOnlyList<object?>>> axes)
    {
        var names = always.Select(p => p.Key).Concat(axes.Select(a => a.Key)).ToList();
        if (names.GroupBy(n => n, StringComparer.OrdinalIgnoreCase).FirstOrDefault(g => g.Count() > 1) is { } twice)
        {
            throw new TestBatchException(
                "ParameterTwice", ErrorKind.InvalidArgument, $"The parameter '{twice.Key}' is given twice. Give it once, with -Matrix or with -Parameter.", twice.Key);
        }

        if (axes.FirstOrDefault(a => a.Value.Count == 0) is { Key: { } empty })
        {
            throw new TestBatchException("MatrixAxisEmpty", ErrorKind.InvalidArgument, $"-Matrix has no values for '{empty}': there would be no case.", empty);
        }

        var values = always.Select(p => (p.Key, p.Value)).Concat(axes.SelectMany(a => a.Value.Select(v => (a.Key, Value: v))));
        foreach (var (name, value) in values)
        {
            CheckScalar(name, value);
        }

        return Combine(always, axes);
    }

    private static IEnumerable<IReadOnlyList<KeyValuePair<string, object?>>> Combine(
        IReadOnlyList<KeyValuePair<string, object?>> always, IReadOnlyList<KeyValuePair<string, IReadOnlyList<object?>>> axes)
    {
        var at = new int[axes.Count];
        int axis;
        do
        {
            yield return [.. always, .. axes.Select((a, i) => KeyValuePair.Create(a.Key, a.Value[at[i]]))];
            for (axis = axes.Count - 1; axis >= 0 && ++at[axis] == axes[axis].Value.Count; axis--)
            {
                at[axis] = 0;
            }
        }
        while (axis >= 0);
    }

    // The rule of what a parameter may be stands in TestCase; here it is only told in time and with a name.
    private static void CheckScalar(string name, object? value)
    {
        try
        {
            _ = new TestCase("", "", [new(name, value)]);
        }
        catch (ArgumentException e)
        {
            throw new TestBatchException(
                "MatrixValueNotScalar", ErrorKind.InvalidArgument,
                $"Parameter '{name}' has a value of type {value!.GetType()}. A parameter is text, a number or a boolean; give lists of these with -Matrix.", value, e);
        }
    }
}
