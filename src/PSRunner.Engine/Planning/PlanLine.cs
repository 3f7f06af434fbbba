using System.Text;
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
    /// <param name="line">The line without its end.</param>
    /// <param name="texts">The texts of the plan.</param>
    /// <exception cref="JsonException">The line is no plan line.</exception>
    public static PlanHead ReadHead(ReadOnlySpan<byte> line, RepeatedText texts)
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
                head.Kind = texts.Read(ref reader);
            }
            else if (reader.ValueTextEquals(LaneName.EncodedUtf8Bytes))
            {
                reader.Read();
                head.Lane = texts.Read(ref reader);
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
    /// <param name="kind">The kind that its head gave.</param>
    /// <param name="texts">The texts of the plan.</param>
    /// <param name="shared">Finds a shared definition by its hash.</param>
    /// <exception cref="JsonException">The line is no plan line.</exception>
    public static TestCase Read(ReadOnlySpan<byte> line, string kind, RepeatedText texts, Func<string, SharedDefinition> shared)
    {
        var (name, lane, definition) = ("", "", "");
        var limit = double.NaN;
        int? retries = null;
        string[] tags = [];
        SharedDefinition? common = null;
        List<KeyValuePair<string, object?>> parameters = [];
        var reader = new Utf8JsonReader(line);
        Expect(reader.Read() && reader.TokenType == JsonTokenType.StartObject);
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            if (Is(ref reader, LaneName))
            {
                lane = texts.Read(ref reader);
            }
            else if (Is(ref reader, LimitName))
            {
                limit = reader.GetDouble();
            }
            else if (Is(ref reader, RetryName))
            {
                retries = reader.GetInt32();
            }
            else if (Is(ref reader, CaseName))
            {
                name = texts.Read(ref reader);
            }
            else if (Is(ref reader, ParametersName))
            {
                while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
                {
                    var parameter = texts.Read(ref reader);
                    reader.Read();
                    parameters.Add(new(parameter, ReadScalar(ref reader, texts)));
                }
            }
            else if (Is(ref reader, TagsName))
            {
                tags = ReadTags(ref reader);
            }
            else if (Is(ref reader, SharedName))
            {
                common = shared(reader.GetString()!);
            }
            else if (Is(ref reader, DefinitionName))
            {
                var start = (int)reader.TokenStartIndex;
                reader.Skip();
                definition = Encoding.UTF8.GetString(line[start..(int)reader.BytesConsumed]);
            }
            else
            {
                reader.Skip();
            }
        }

        return new TestCase(kind, name, parameters)
        {
            Lane = lane, TestTimeoutSeconds = limit, RetryCount = retries, Tags = tags, Shared = common, Definition = definition,
        };
    }

    // True when the property at hand has this name; the reader then stands on its value.
    private static bool Is(ref Utf8JsonReader reader, JsonEncodedText name) => reader.ValueTextEquals(name.EncodedUtf8Bytes) && reader.Read();

    private static string[] ReadTags(ref Utf8JsonReader reader)
    {
        var tags = new List<string>();
        while (reader.Read() && reader.TokenType == JsonTokenType.String)
        {
            tags.Add(reader.GetString()!);
        }

        return [.. tags];
    }

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

    private static object? ReadScalar(ref Utf8JsonReader reader, RepeatedText texts) => reader.TokenType switch
    {
        JsonTokenType.String => texts.Read(ref reader),
        JsonTokenType.True => true,
        JsonTokenType.False => false,
        JsonTokenType.Number when reader.ValueSpan.IndexOfAny((byte)'.', (byte)'e', (byte)'E') < 0 && reader.TryGetInt64(out var whole) => whole,
        JsonTokenType.Number => reader.GetDouble(),
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
