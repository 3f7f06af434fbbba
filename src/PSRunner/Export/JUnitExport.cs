using System.Globalization;
using System.Text;
using System.Xml;

namespace PSRunner.Export;

/// <summary>
/// JUnit XML as CI servers read it: a suite for each batch and kind. Failed is a <c>failure</c>; Errored, TimedOut and Crashed
/// are an <c>error</c>; the cause is its type. Characters that XML 1.0 cannot hold become U+FFFD.
/// </summary>
internal static class JUnitExport
{
    public static void Write(Stream stream, ExportTable table)
    {
        var suites = ReportSuite.Of(table);
        var settings = new XmlWriterSettings
        {
            Indent = true,
            Encoding = new UTF8Encoding(encoderShouldEmitUTF8Identifier: false),
            NewLineChars = "\n",
            // A carriage return in what a test wrote must come back as one.
            NewLineHandling = NewLineHandling.Entitize,
        };
        using var xml = XmlWriter.Create(stream, settings);
        xml.WriteStartElement("testsuites");
        Attribute(xml, "name", "PSRunner");
        Counts(xml, suites);
        foreach (var suite in suites)
        {
            Suite(xml, suite, table);
        }

        xml.WriteEndElement();
    }

    private static void Suite(XmlWriter xml, ReportSuite suite, ExportTable table)
    {
        xml.WriteStartElement("testsuite");
        Attribute(xml, "name", suite.Name);
        Counts(xml, [suite]);
        Attribute(xml, "skipped", Number(suite.Count(Outcomes.Skipped)));
        // UTC, and without a zone: the schemas in use allow none.
        Attribute(xml, "timestamp", suite.StartedAt.ToString("yyyy-MM-dd'T'HH:mm:ss", CultureInfo.InvariantCulture));
        xml.WriteStartElement("properties");
        Property(xml, "batch", suite.Batch);
        Property(xml, "kind", suite.Kind);
        xml.WriteEndElement();
        foreach (var cells in table.RowsAt(suite.Rows))
        {
            Case(xml, new ReportRow(table, cells));
        }

        xml.WriteEndElement();
    }

    private static void Counts(XmlWriter xml, IReadOnlyList<ReportSuite> suites)
    {
        Attribute(xml, "tests", Number(suites.Sum(s => s.Rows.Count)));
        Attribute(xml, "failures", Number(suites.Sum(s => s.Count(Outcomes.Failed))));
        Attribute(xml, "errors", Number(suites.Sum(s => s.WithoutVerdict)));
        Attribute(xml, "time", Seconds(suites.Sum(s => s.Seconds)));
    }

    private static void Case(XmlWriter xml, ReportRow row)
    {
        xml.WriteStartElement("testcase");
        Attribute(xml, "name", row.Name);
        Attribute(xml, "classname", row.Kind);
        Attribute(xml, "time", Seconds(row.Seconds));
        switch (row.Outcome)
        {
            case Outcomes.Passed:
                break;
            case Outcomes.Skipped:
                xml.WriteStartElement("skipped");
                Attribute(xml, "message", Why(row));
                xml.WriteEndElement();
                break;
            default:
                xml.WriteStartElement(row.Outcome == Outcomes.Failed ? "failure" : "error");
                Attribute(xml, "message", Why(row));
                Attribute(xml, "type", row.Cause);
                xml.WriteString(Valid(Details(row)));
                xml.WriteEndElement();
                break;
        }

        if (row.Output.Length > 0)
        {
            xml.WriteElementString("system-out", Valid(row.Output));
        }

        xml.WriteEndElement();
    }

    private static string Why(ReportRow row) => row.Message.Length > 0 ? row.Message : row.Cause;

    /// <summary>What finds the case again: the schemas in use have no properties of a case.</summary>
    private static string Details(ReportRow row)
    {
        var parameters = string.Join(", ", row.Values(ColumnRole.Parameter).Select(p => $"{p.Name}={TextCell.Of(p.Value)}"));
        return $"{row.Outcome}: {Why(row)}\n{(parameters.Length > 0 ? parameters + "\n" : "")}id={row.Id}";
    }

    private static void Property(XmlWriter xml, string name, string value)
    {
        xml.WriteStartElement("property");
        Attribute(xml, "name", name);
        Attribute(xml, "value", value);
        xml.WriteEndElement();
    }

    private static void Attribute(XmlWriter xml, string name, string value) => xml.WriteAttributeString(name, Valid(value));

    private static string Number(int count) => count.ToString(CultureInfo.InvariantCulture);

    private static string Seconds(double seconds) => seconds.ToString("0.######", CultureInfo.InvariantCulture);

    private static string Valid(string text)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (!XmlConvert.IsXmlChar(text[i]))
            {
                return Replaced(text);
            }
        }

        return text;
    }

    private static string Replaced(string text)
    {
        var valid = new StringBuilder(text.Length);
        foreach (var rune in text.EnumerateRunes())
        {
            valid.Append(rune.IsBmp && !XmlConvert.IsXmlChar((char)rune.Value) ? "\uFFFD" : rune.ToString());
        }

        return valid.ToString();
    }
}
