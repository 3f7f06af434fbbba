using System.Globalization;
using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace PSRunner.Module.Tests;

/// <summary>What the schemas in use for JUnit XML (Jenkins, Ant, Surefire) agree on, checked element by element.</summary>
internal static partial class JUnitRules
{
    public static void Check(XElement root)
    {
        Element(root, "testsuites", ["name", "tests", "failures", "errors", "time"], required: [], ["testsuite"]);
        foreach (var suite in root.Elements())
        {
            Element(
                suite, "testsuite", ["name", "tests", "failures", "errors", "skipped", "time", "timestamp"], required: ["name", "tests", "failures", "errors"],
                ["properties", .. Enumerable.Repeat("testcase", suite.Elements("testcase").Count())]);
            Assert.Matches(WithoutZone(), suite.Attribute("timestamp")!.Value);
            Count(suite, "tests", suite.Elements("testcase").Count());
            Count(suite, "failures", suite.Descendants("failure").Count());
            Count(suite, "errors", suite.Descendants("error").Count());
            Count(suite, "skipped", suite.Descendants("skipped").Count());
            Assert.All(suite.Element("properties")!.Elements(), p => Element(p, "property", ["name", "value"], ["name", "value"], []));
            Assert.All(suite.Elements("testcase"), Case);
        }

        Count(root, "tests", root.Descendants("testcase").Count());
    }

    private static void Case(XElement testCase)
    {
        string[] children = [.. testCase.Elements().Select(e => e.Name.LocalName)];
        Element(testCase, "testcase", ["name", "classname", "time"], ["name", "classname"], children);
        Assert.InRange(children.Count(c => c is "failure" or "error" or "skipped"), 0, 1);
        Assert.Equal(children.OrderBy(c => c == "system-out"), children);
        Assert.All(children, c => Assert.Contains(c, new[] { "failure", "error", "skipped", "system-out" }));
        Assert.InRange(double.Parse(testCase.Attribute("time")!.Value, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture), 0, double.MaxValue);
        Assert.All(testCase.Elements().Where(e => e.Name.LocalName is "failure" or "error"), e => Element(e, e.Name.LocalName, ["message", "type"], ["type"], []));
    }

    private static void Element(XElement element, string name, string[] attributes, string[] required, string[] children)
    {
        Assert.Equal(name, element.Name.ToString());
        var present = element.Attributes().Select(a => a.Name.ToString()).ToList();
        Assert.Empty(present.Except(attributes));
        Assert.Empty(required.Except(present));
        Assert.Equal(children.Distinct(), element.Elements().Select(e => e.Name.ToString()).Distinct());
    }

    private static void Count(XElement element, string attribute, int expected) =>
        Assert.Equal(expected.ToString(CultureInfo.InvariantCulture), element.Attribute(attribute)!.Value);

    [GeneratedRegex(@"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$")]
    private static partial Regex WithoutZone();
}
