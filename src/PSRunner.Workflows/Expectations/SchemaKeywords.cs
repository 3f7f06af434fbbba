using System.Text.Json;
using System.Text.RegularExpressions;

namespace PSRunner.Workflows.Expectations;

/// <summary>The keywords of a schema, each with what it asks of a value.</summary>
internal static class SchemaKeywords
{
    /// <summary>The longest time of one regular expression on one text.</summary>
    private static readonly TimeSpan MatchLimit = TimeSpan.FromSeconds(2);

    /// <summary>A longer name of a property is not shown.</summary>
    private const int MostOfName = 80;

    private static readonly Dictionary<string, Func<JsonElement, bool>> Types = new(StringComparer.Ordinal)
    {
        ["object"] = v => v.ValueKind == JsonValueKind.Object,
        ["array"] = v => v.ValueKind == JsonValueKind.Array,
        ["string"] = v => v.ValueKind == JsonValueKind.String,
        ["number"] = v => v.ValueKind == JsonValueKind.Number,
        ["integer"] = v => v.ValueKind == JsonValueKind.Number && SchemaNumbers.IsWhole(v),
        ["boolean"] = v => v.ValueKind is JsonValueKind.True or JsonValueKind.False,
        ["null"] = v => v.ValueKind == JsonValueKind.Null,
    };

    /// <summary>What asks nothing of a value, or is read by a keyword beside it.</summary>
    private static readonly HashSet<string> Silent = new(StringComparer.Ordinal)
    {
        "$schema", "$comment", "title", "description", "default", "examples", "deprecated", "readOnly", "writeOnly",
        "$defs", "definitions", "then", "else", "minContains", "maxContains",
    };

    private static readonly Dictionary<string, Action<SchemaKeyword>> All = new(StringComparer.Ordinal)
    {
        ["type"] = Type,
        ["enum"] = k => OneOf(k, [.. k.Items()]),
        ["const"] = k => OneOf(k, [k.Value]),
        ["$ref"] = k => Same(k, k.Reader.Referred(k.Text(), k.At)),
        ["allOf"] = k => k.InnerList().ForEach(inner => Same(k, inner)),
        ["anyOf"] = k => Choice(k, fitting => fitting > 0),
        ["oneOf"] = k => Choice(k, fitting => fitting == 1),
        ["not"] = Not,
        ["if"] = If,

        ["minimum"] = k => Limit(k, over: 1, isStrict: k.Other("exclusiveMinimum").ValueKind == JsonValueKind.True),
        ["maximum"] = k => Limit(k, over: -1, isStrict: k.Other("exclusiveMaximum").ValueKind == JsonValueKind.True),
        ["exclusiveMinimum"] = k => ExclusiveLimit(k, over: 1),
        ["exclusiveMaximum"] = k => ExclusiveLimit(k, over: -1),
        ["multipleOf"] = MultipleOf,

        ["minLength"] = k => Size(k, JsonValueKind.String, Length, isLeast: true),
        ["maxLength"] = k => Size(k, JsonValueKind.String, Length, isLeast: false),
        ["pattern"] = Pattern,
        ["format"] = Format,

        ["minItems"] = k => Size(k, JsonValueKind.Array, v => v.GetArrayLength(), isLeast: true),
        ["maxItems"] = k => Size(k, JsonValueKind.Array, v => v.GetArrayLength(), isLeast: false),
        ["uniqueItems"] = UniqueItems,
        ["prefixItems"] = FirstItems,
        ["items"] = Items,
        ["additionalItems"] = AdditionalItems,
        ["contains"] = Contains,

        ["minProperties"] = k => Size(k, JsonValueKind.Object, v => v.GetPropertyCount(), isLeast: true),
        ["maxProperties"] = k => Size(k, JsonValueKind.Object, v => v.GetPropertyCount(), isLeast: false),
        ["required"] = Required,
        ["dependentRequired"] = DependentRequired,
        ["properties"] = Properties,
        ["patternProperties"] = PatternProperties,
        ["additionalProperties"] = AdditionalProperties,
        ["propertyNames"] = PropertyNames,
    };

    /// <summary>Reads a keyword.</summary>
    /// <exception cref="SchemaException">It is not checked here, or says what makes no sense.</exception>
    public static void Read(SchemaKeyword keyword)
    {
        if (All.TryGetValue(keyword.Name, out var read))
        {
            read(keyword);
        }
        else if (!Silent.Contains(keyword.Name) && !keyword.Name.StartsWith("x-", StringComparison.Ordinal) && !(keyword.Name is "$id" or "id" && keyword.Place == "#"))
        {
            throw new SchemaException($"it uses '{keyword.Name}' at {keyword.Place}, which is not checked here. Say it in other words, or use -ExpectScript");
        }
    }

    private static void Type(SchemaKeyword k)
    {
        var names = k.Value.ValueKind == JsonValueKind.Array ? k.Texts() : [k.Text()];
        var types = names.ConvertAll(name => Types.TryGetValue(name, out var type) ? type : throw k.Wrong($"is {Excerpt.Of(name)}; there are {string.Join(", ", Types.Keys)}"));
        k.Schema.Checks.Add((value, path, found) =>
        {
            if (!types.Exists(type => type(value)))
            {
                found.Add($"type {string.Join(" or ", names)}", path);
            }
        });
    }

    private static void OneOf(SchemaKeyword k, List<JsonElement> values)
    {
        var rule = $"{k.Name} {Excerpt.Of(k.Value.GetRawText())}";
        k.Schema.Checks.Add((value, path, found) =>
        {
            if (!values.Exists(allowed => JsonElement.DeepEquals(allowed, value)))
            {
                found.Add(rule, path);
            }
        });
    }

    private static void Same(SchemaKeyword k, Schema inner)
    {
        k.Schema.OfSameValue.Add(inner);
        k.Schema.Checks.Add(inner.Check);
    }

    private static void Choice(SchemaKeyword k, Func<int, bool> isRight)
    {
        var choices = k.InnerList();
        k.Schema.OfSameValue.AddRange(choices);
        k.Schema.Checks.Add((value, path, found) =>
        {
            if (choices.Count(choice => found.Fits(choice, value)) is var fitting && !isRight(fitting))
            {
                found.Add($"{k.Name} ({fitting} of {choices.Count} fit)", path);
            }
        });
    }

    private static void Not(SchemaKeyword k)
    {
        var inner = k.Inner();
        k.Schema.OfSameValue.Add(inner);
        k.Schema.Checks.Add((value, path, found) =>
        {
            if (found.Fits(inner, value))
            {
                found.Add("not", path);
            }
        });
    }

    private static void If(SchemaKeyword k)
    {
        var (test, then, otherwise) = (k.Inner(), Branch("then"), Branch("else"));
        k.Schema.OfSameValue.AddRange([test, then, otherwise]);
        k.Schema.Checks.Add((value, path, found) => (found.Fits(test, value) ? then : otherwise).Check(value, path, found));
        Schema Branch(string name) => k.Other(name) is { ValueKind: not JsonValueKind.Undefined } json ? k.Reader.At(json, SchemaReader.Below(k.Place, name)) : new Schema();
    }

    private static void ExclusiveLimit(SchemaKeyword k, int over)
    {
        // In draft 4 it is a word beside the limit.
        if (k.Value.ValueKind is not (JsonValueKind.True or JsonValueKind.False))
        {
            Limit(k, over, isStrict: true);
        }
    }

    private static void Limit(SchemaKeyword k, int over, bool isStrict)
    {
        var limit = k.Number();
        k.Rule(JsonValueKind.Number, v => SchemaNumbers.Compare(v, limit) * over is var sign && (sign > 0 || (sign == 0 && !isStrict)), $"{k.Name} {limit}");
    }

    private static void MultipleOf(SchemaKeyword k)
    {
        var unit = k.Number();
        if (unit.GetDouble() is not (> 0 and < double.PositiveInfinity))
        {
            throw k.Wrong("is no number over 0");
        }

        k.Rule(JsonValueKind.Number, v => SchemaNumbers.IsMultiple(v, unit), $"multipleOf {unit}");
    }

    private static void Size(SchemaKeyword k, JsonValueKind kind, Func<JsonElement, int> sizeOf, bool isLeast)
    {
        var bound = k.Count();
        k.Rule(kind, v => isLeast ? sizeOf(v) >= bound : sizeOf(v) <= bound, $"{k.Name} {bound}");
    }

    /// <summary>In characters as people count them, not in halves of them.</summary>
    private static int Length(JsonElement text) => text.GetString()!.EnumerateRunes().Count();

    private static void Pattern(SchemaKeyword k)
    {
        var regex = RegexOf(k, k.Text());
        k.Rule(JsonValueKind.String, v => regex.IsMatch(v.GetString()!), $"pattern {Excerpt.Of(k.Text())}");
    }

    private static void Format(SchemaKeyword k)
    {
        var name = k.Text();
        var isFormat = SchemaFormats.Find(name) ?? throw k.Wrong($"is {Excerpt.Of(name)}, which is not checked here; there are {string.Join(", ", SchemaFormats.Names)}. Say it as a pattern");
        k.Rule(JsonValueKind.String, v => isFormat(v.GetString()!), $"format {name}");
    }

    private static void UniqueItems(SchemaKeyword k)
    {
        if (k.Value.ValueKind != JsonValueKind.True)
        {
            return;
        }

        k.Check(JsonValueKind.Array, (value, path, found) =>
        {
            List<JsonElement> seen = [];
            foreach (var item in value.EnumerateArray())
            {
                found.Look();
                if (seen.Exists(one => JsonElement.DeepEquals(one, item)))
                {
                    found.Add("uniqueItems", path);
                    return;
                }

                seen.Add(item);
            }
        });
    }

    private static void FirstItems(SchemaKeyword k)
    {
        var firsts = k.InnerList();
        k.Check(JsonValueKind.Array, (value, path, found) =>
        {
            foreach (var (i, item) in value.EnumerateArray().Take(firsts.Count).Index())
            {
                firsts[i].Check(item, $"{path}/{i}", found);
            }
        });
    }

    private static void Items(SchemaKeyword k)
    {
        // An array is what prefixItems was called before.
        if (k.Value.ValueKind == JsonValueKind.Array)
        {
            FirstItems(k);
        }
        else
        {
            ItemsFrom(k, k.Other("prefixItems") is { ValueKind: JsonValueKind.Array } firsts ? firsts.GetArrayLength() : 0);
        }
    }

    private static void AdditionalItems(SchemaKeyword k)
    {
        if (k.Other("items") is { ValueKind: JsonValueKind.Array } firsts)
        {
            ItemsFrom(k, firsts.GetArrayLength());
        }
    }

    private static void ItemsFrom(SchemaKeyword k, int first)
    {
        var inner = k.Inner();
        k.Check(JsonValueKind.Array, (value, path, found) =>
        {
            foreach (var (i, item) in value.EnumerateArray().Index().Skip(first))
            {
                inner.Check(item, $"{path}/{i}", found);
            }
        });
    }

    private static void Contains(SchemaKeyword k)
    {
        var inner = k.Inner();
        var (least, most) = (CountOf("minContains", 1), CountOf("maxContains", int.MaxValue));
        k.Check(JsonValueKind.Array, (value, path, found) =>
        {
            if (value.EnumerateArray().Count(item => found.Fits(inner, item)) is var count && (count < least || count > most))
            {
                found.Add($"contains ({count} fit)", path);
            }
        });
        int CountOf(string name, int otherwise) => k.Other(name) is { ValueKind: not JsonValueKind.Undefined } value ? (k with { Name = name, Value = value }).Count() : otherwise;
    }

    private static void Required(SchemaKeyword k)
    {
        var names = k.Texts();
        k.Check(JsonValueKind.Object, (value, path, found) => Need(names, value, path, found));
    }

    private static void DependentRequired(SchemaKeyword k)
    {
        var needs = k.Object().EnumerateObject().Select(p => (p.Name, Names: (k with { Value = p.Value }).Texts())).ToList();
        k.Check(JsonValueKind.Object, (value, path, found) =>
        {
            foreach (var (_, names) in needs.Where(need => value.TryGetProperty(need.Name, out _)))
            {
                Need(names, value, path, found);
            }
        });
    }

    private static void Need(List<string> names, JsonElement value, string path, SchemaFindings found)
    {
        foreach (var name in names.Where(name => !value.TryGetProperty(name, out _)))
        {
            found.Add($"required {Excerpt.Of(name)}", path);
        }
    }

    private static void Properties(SchemaKeyword k)
    {
        var map = k.InnerMap();
        Each(k, (name, item, path, found) =>
        {
            if (map.TryGetValue(name, out var inner))
            {
                inner.Check(item, path, found);
            }
        });
    }

    private static void PatternProperties(SchemaKeyword k)
    {
        var patterns = k.InnerMap().Select(p => (Regex: RegexOf(k, p.Key), Inner: p.Value)).ToList();
        Each(k, (name, item, path, found) =>
        {
            foreach (var (_, inner) in patterns.Where(p => p.Regex.IsMatch(name)))
            {
                inner.Check(item, path, found);
            }
        });
    }

    private static void AdditionalProperties(SchemaKeyword k)
    {
        var named = NamesIn("properties").ToHashSet(StringComparer.Ordinal);
        var patterns = NamesIn("patternProperties").Select(pattern => RegexOf(k, pattern)).ToList();
        var inner = k.Inner();
        Each(k, (name, item, path, found) =>
        {
            if (named.Contains(name) || patterns.Exists(p => p.IsMatch(name)))
            {
                return;
            }

            if (k.Value.ValueKind == JsonValueKind.False)
            {
                found.Add("additionalProperties false", path);
            }
            else
            {
                inner.Check(item, path, found);
            }
        });
        IEnumerable<string> NamesIn(string keyword) => k.Other(keyword) is { ValueKind: JsonValueKind.Object } map ? map.EnumerateObject().Select(p => p.Name) : [];
    }

    private static void PropertyNames(SchemaKeyword k)
    {
        var inner = k.Inner();
        Each(k, (name, _, path, found) =>
        {
            using var text = JsonDocument.Parse($"\"{JsonEncodedText.Encode(name)}\"");
            if (!found.Fits(inner, text.RootElement))
            {
                found.Add("propertyNames", path);
            }
        });
    }

    private static void Each(SchemaKeyword k, Action<string, JsonElement, string, SchemaFindings> check) => k.Check(JsonValueKind.Object, (value, path, found) =>
    {
        foreach (var property in value.EnumerateObject())
        {
            found.Look();
            check(property.Name, property.Value, $"{path}/{(property.Name.Length <= MostOfName ? property.Name : "…")}", found);
        }
    });

    private static Regex RegexOf(SchemaKeyword k, string pattern)
    {
        try
        {
            return new Regex(pattern, RegexOptions.CultureInvariant, MatchLimit);
        }
        catch (ArgumentException e)
        {
            throw k.Wrong($"holds no regular expression: {e.Message}", e);
        }
    }
}
