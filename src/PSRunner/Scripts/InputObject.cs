using System.Collections;
using System.Management.Automation;
using System.Security;
using PSRunner.Commands;

namespace PSRunner.Scripts;

/// <summary>An input object: how it crosses to a worker, what tables call it, and what its results group by.</summary>
internal static class InputObject
{
    /// <summary>The parameter that holds an input that is a single value.</summary>
    public const string Item = "Item";

    // Data goes as deep as data sets do; live objects are graphs of everything they know, and two levels of them are plenty.
    private const int DepthOfData = 10;
    private const int DepthOfOthers = 2;
    private const int MostParameters = 64;

    /// <summary>The object as CliXML.</summary>
    /// <param name="value">The object.</param>
    /// <param name="what">Names it in a message: <c>Input 3</c>, <c>$using:limit</c>.</param>
    /// <exception cref="TestBatchException">It cannot be sent to another process and stored.</exception>
    public static string Serialize(object? value, string what)
    {
        if (Unsendable(value, "", DepthOfOthers) is ({ } path, { } why))
        {
            throw Errors.NotSendable($"{what}{path}", why, value);
        }

        try
        {
            return PSSerializer.Serialize(value, IsData(value) ? DepthOfData : DepthOfOthers);
        }
#pragma warning disable CA1031 // Getters of any object run here and throw what they like.
        catch (Exception e)
        {
            throw Errors.NotSendable(what, $"cannot be serialized: {e.Message}", value);
        }
#pragma warning restore CA1031
    }

    /// <summary>What tables call it.</summary>
    public static string NameOf(object? value)
    {
        var inner = Unwrap(value);
        return inner switch
        {
            null => "$null",
            IDictionary or PSCustomObject => string.Join(' ', ParametersOf(value).Take(MostParameters).Select(p => TextOf(p.Value))),
            _ => TextOf(inner),
        };
    }

    /// <summary>Its scalar properties; a scalar itself is <see cref="Item"/>.</summary>
    public static IReadOnlyList<KeyValuePair<string, object?>> ParametersOf(object? value)
    {
        var inner = Unwrap(value);
        if (inner is null || IsScalar(inner))
        {
            return [new(Item, inner)];
        }

        // Names that differ in case alone are one name to PowerShell. Of a row every column counts, of a live object what comes first.
        return [.. PropertiesOf(value).Select(p => KeyValuePair.Create(p.Key, Unwrap(p.Value))).Where(p => p.Key.Length > 0 && (p.Value is null || IsScalar(p.Value)))
            .DistinctBy(p => p.Key, StringComparer.OrdinalIgnoreCase).Take(IsData(value) ? int.MaxValue : MostParameters)];
    }

    /// <summary>The names and values that bind to a script's parameters; null for what is neither a hashtable nor a row.</summary>
    public static IReadOnlyList<KeyValuePair<string, object?>>? RowOf(object? value) =>
        Unwrap(value) is IDictionary or PSCustomObject ? [.. PropertiesOf(value)] : null;

    /// <summary>A value as text, the same on every machine.</summary>
    public static string TextOf(object? value)
    {
        var inner = Unwrap(value);
        return inner switch
        {
            null => "",
            string text => text,
            IDictionary map => "@{" + string.Join("; ", map.Cast<DictionaryEntry>().Select(e => $"{e.Key}={TextOf(e.Value)}")) + "}",
            PSCustomObject => value!.ToString() ?? "",
            _ => LanguagePrimitives.TryConvertTo<string>(value, out var text) ? text : inner.ToString() ?? "",
        };
    }

    /// <summary>The entries of a hashtable; the properties of anything else that can be read.</summary>
    public static IEnumerable<KeyValuePair<string, object?>> PropertiesOf(object? value)
    {
        if (Unwrap(value) is IDictionary map)
        {
            return map.Cast<DictionaryEntry>().Select(e => KeyValuePair.Create(TextOf(e.Key), e.Value));
        }

        return Readable(PSObject.AsPSObject(value!));
    }

    private static IEnumerable<KeyValuePair<string, object?>> Readable(PSObject value)
    {
        foreach (var property in value.Properties.Where(p => p.IsGettable))
        {
            object? found;
            try
            {
                found = property.Value;
            }
            catch (ExtendedTypeSystemException)
            {
                continue; // A getter that throws has no value.
            }

            yield return new(property.Name, found);
        }
    }

    private static (string Path, string Why)? Unsendable(object? value, string path, int depth)
    {
        var inner = Unwrap(value);
        switch (inner)
        {
            case null: return null;
            case ScriptBlock: return (path, "is a script block, which belongs to its own shell. Put its code into the test or into -InitializationScript");
            case SecureString or PSCredential: return (path, "is a secret, and secrets are not stored. Pass the name of an environment variable and read that in the test");
            case Delegate or Stream or Task or WaitHandle or Thread: return (path, $"is a {inner.GetType()}, which means nothing in another process");
            default: break;
        }

        if (depth == 0 || !IsData(value) || IsScalar(inner))
        {
            return null;
        }

        var parts = inner is IList list
            ? list.Cast<object?>().Select((item, i) => ($"[{i}]", item))
            : PropertiesOf(value).Select(p => ($".{p.Key}", p.Value));
        return parts.Select(part => Unsendable(part.Item2, path + part.Item1, depth - 1)).FirstOrDefault(found => found is not null);
    }

    private static bool IsData(object? value) => Unwrap(value) is var inner && (inner is null or IDictionary or IList or PSCustomObject || IsScalar(inner));

    private static bool IsScalar(object value) =>
        value is string or bool or char or decimal or DateTime or DateTimeOffset or TimeSpan or Guid or Uri or Enum || value.GetType().IsPrimitive;

    private static object? Unwrap(object? value) => value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value is PSObject row ? row.BaseObject : value;
}
