using System.Text.Json;

namespace PSRunner.Engine.Planning;

/// <summary>
/// One line of plan.jsonl. What the scheduler needs stands first (id, kind, lane, limits), so that opening a plan of a
/// million cases reads only the head of each line; the rest is read when the case starts.
/// </summary>
internal static class PlanLine
{
    private static readonly JsonEncodedText IdName = JsonEncodedText.Encode("id");
    private static readonly JsonEncodedText KindName = JsonEncodedText.Encode("kind");
    private static readonly JsonEncodedText LaneName = JsonEncodedText.Encode("lane");
    private static readonly JsonEncodedText LimitName = JsonEncodedText.Encode("test_timeout_seconds");
    private static readonly JsonEncodedText RetryName = JsonEncodedText.Encode("retry_count");
    private static readonly JsonEncodedText RepeatName = JsonEncodedText.Encode("repeat");
    private static readonly JsonEncodedText CaseName = JsonEncodedText.Encode("name");
    private static readonly JsonEncodedText ParametersName = JsonEncodedText.Encode("parameters");
    private static readonly JsonEncodedText TagsName = JsonEncodedText.Encode("tags");
    private static readonly JsonEncodedText SharedName = JsonEncodedText.Encode("shared");
    private static readonly JsonEncodedText DefinitionName = JsonEncodedText.Encode("definition");

    /// <summary>Writes the line of one repeat of a case, without its line end.</summary>
    public static void Write(Utf8JsonWriter json, string id, int repeat, TestCase testCase)
    {
        json.WriteStartObject();
        json.WriteString(IdName, id);
        json.WriteString(KindName, testCase.Kind);
        if (testCase.Lane.Length > 0)
        {
            json.WriteString(LaneName, testCase.Lane);
        }

        if (!double.IsNaN(testCase.TestTimeoutSeconds))
        {
            json.WriteNumber(LimitName, testCase.TestTimeoutSeconds);
        }

        if (testCase.RetryCount is { } retries)
        {
            json.WriteNumber(RetryName, retries);
        }

        // The head ends here: "repeat" is always written.
        json.WriteNumber(RepeatName, repeat);
        json.WriteString(CaseName, testCase.Name);
        json.WriteStartObject(ParametersName);
        foreach (var (name, value) in testCase.GetParameters())
        {
            json.WritePropertyName(name);
            WriteScalar(json, value);
        }

        json.WriteEndObject();
        if (testCase.Tags.Count > 0)
        {
            json.WriteStartArray(TagsName);
            foreach (var tag in testCase.Tags)
            {
                json.WriteStringValue(tag);
            }

            json.WriteEndArray();
        }

        if (testCase.Shared is { } shared)
        {
            json.WriteString(SharedName, shared.Hash);
        }

        if (testCase.Definition.Length > 0)
        {
            json.WritePropertyName(DefinitionName);
            json.WriteRawValue(testCase.Definition);
        }

        json.WriteEndObject();
    }

    /// <summary>Reads what the scheduler needs.</summary>
    /// <exception cref="JsonException">The line is no plan line.</exception>
    public static PlanHead ReadHead(ReadOnlySpan<byte> line)
    {
        var reader = new Utf8JsonReader(line);
        var head = new PlanHead { TestTimeoutSeconds = double.NaN, RetryCount = -1, Lane = "" };
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (reader.ValueTextEquals(IdName.EncodedUtf8Bytes))
            {
                reader.Read();
                Expect(CaseId.TryParse(reader.ValueSpan, out var id));
                head.Id = id;
            }
            else if (reader.ValueTextEquals(KindName.EncodedUtf8Bytes))
            {
                reader.Read();
                head.Kind = string.Intern(reader.GetString()!);
            }
            else if (reader.ValueTextEquals(LaneName.EncodedUtf8Bytes))
            {
                reader.Read();
                head.Lane = reader.GetString()!;
            }
            else if (reader.ValueTextEquals(LimitName.EncodedUtf8Bytes))
            {
                reader.Read();
                head.TestTimeoutSeconds = reader.GetDouble();
            }
            else if (reader.ValueTextEquals(RetryName.EncodedUtf8Bytes))
            {
                reader.Read();
                head.RetryCount = reader.GetInt32();
            }
            else
            {
                Expect(reader.ValueTextEquals(RepeatName.EncodedUtf8Bytes) && head.Kind is not null);
                return head;
            }
        }

        throw new JsonException("the line ends before its head does");
    }

    /// <summary>Reads the whole case.</summary>
    /// <param name="line">The line without its end.</param>
    /// <param name="shared">Finds a shared definition by its hash.</param>
    public static TestCase Read(ReadOnlyMemory<byte> line, Func<string, SharedDefinition> shared)
    {
        using var document = JsonDocument.Parse(line);
        var root = document.RootElement;
        return new TestCase(
            root.GetProperty(KindName.EncodedUtf8Bytes).GetString()!,
            root.GetProperty(CaseName.EncodedUtf8Bytes).GetString()!,
            root.GetProperty(ParametersName.EncodedUtf8Bytes).EnumerateObject().Select(p => KeyValuePair.Create(p.Name, ReadScalar(p.Value))))
        {
            Lane = Text(root, LaneName),
            TestTimeoutSeconds = root.TryGetProperty(LimitName.EncodedUtf8Bytes, out var limit) ? limit.GetDouble() : double.NaN,
            RetryCount = root.TryGetProperty(RetryName.EncodedUtf8Bytes, out var retries) ? retries.GetInt32() : null,
            Tags = root.TryGetProperty(TagsName.EncodedUtf8Bytes, out var tags) ? [.. tags.EnumerateArray().Select(t => t.GetString()!)] : [],
            Shared = root.TryGetProperty(SharedName.EncodedUtf8Bytes, out var hash) ? shared(hash.GetString()!) : null,
            Definition = root.TryGetProperty(DefinitionName.EncodedUtf8Bytes, out var definition) ? definition.GetRawText() : "",
        };
    }

    private static string Text(JsonElement root, JsonEncodedText name) =>
        root.TryGetProperty(name.EncodedUtf8Bytes, out var value) ? value.GetString()! : "";

    // JSON has one kind of number; a double is written with a point or an exponent so that it comes back as a double.
    private static void WriteScalar(Utf8JsonWriter json, object? value)
    {
        switch (value)
        {
            case null: json.WriteNullValue(); break;
            case string text: json.WriteStringValue(text); break;
            case bool flag: json.WriteBooleanValue(flag); break;
            case long number: json.WriteNumberValue(number); break;
            case double number when double.IsFinite(number):
                var digits = CanonicalJson.Number(number);
                json.WriteRawValue(digits.AsSpan().IndexOfAny('.', 'e') < 0 ? digits + ".0" : digits);
                break;
            default: json.WriteStringValue(Convert.ToString(value, System.Globalization.CultureInfo.InvariantCulture)); break;
        }
    }

    private static object? ReadScalar(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString(),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        JsonValueKind.Number => value.GetRawText().AsSpan().IndexOfAny('.', 'e', 'E') < 0 && value.TryGetInt64(out var whole) ? (object)whole : value.GetDouble(),
        _ => null,
    };

    private static void Expect(bool condition)
    {
        if (!condition)
        {
            throw new JsonException("this is no line of a plan");
        }
    }
}

/// <summary>What the scheduler needs to know of a case.</summary>
internal struct PlanHead
{
    public UInt128 Id;
    public string Kind;
    public string Lane;
    public double TestTimeoutSeconds;
    public int RetryCount;
}
