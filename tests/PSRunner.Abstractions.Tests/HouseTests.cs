using System.Xml.Linq;

namespace PSRunner.Abstractions.Tests;

/// <summary>Holds the shape of the house: the arrows between projects and what may stand at the top.</summary>
public sealed class HouseTests
{
    private static readonly string Root = FindRoot();

    public static TheoryData<string, string> Arrows => new()
    {
        { "PSRunner.Abstractions", "" },
        { "PSRunner.Engine", "PSRunner.Abstractions" },
        { "PSRunner.Workflows", "PSRunner.Abstractions PSRunner.Engine" },
        { "PSRunner", "PSRunner.Abstractions PSRunner.Engine PSRunner.Workflows" },
        { "PSRunner.Shell", "" },
    };

    [Theory]
    [MemberData(nameof(Arrows))]
    public void Arrows_only_point_down(string project, string references)
    {
        var file = XDocument.Load(Path.Combine(Root, "src", project, project + ".csproj"));
        var found = file.Descendants("ProjectReference")
            .Where(r => (string?)r.Attribute("ReferenceOutputAssembly") != "false")
            .Select(r => Path.GetFileNameWithoutExtension((string)r.Attribute("Include")!))
            .Order(StringComparer.Ordinal);

        Assert.Equal(references, string.Join(' ', found));
    }

    [Fact]
    public void Every_project_under_src_has_its_arrows_here() =>
        Assert.Equal(
            Arrows.Select(a => a.Data.Item1).Order(StringComparer.Ordinal),
            Directory.GetDirectories(Path.Combine(Root, "src")).Select(d => Path.GetFileName(d)!).Order(StringComparer.Ordinal));

    [Fact]
    public void Abstractions_need_nothing_but_the_base_class_library() =>
        Assert.All(
            typeof(TestResult).Assembly.GetReferencedAssemblies(),
            a => Assert.True(a.Name!.StartsWith("System.", StringComparison.Ordinal), a.Name));

    [Fact]
    public void The_engine_knows_no_PowerShell_and_no_model_API()
    {
        var file = XDocument.Load(Path.Combine(Root, "src", "PSRunner.Engine", "PSRunner.Engine.csproj"));
        Assert.Equal(
            ["Parquet.Net", "System.IO.Hashing"],
            file.Descendants("PackageReference").Select(r => (string)r.Attribute("Include")!).Order(StringComparer.Ordinal));
    }

    [Fact]
    public void The_top_level_holds_what_the_design_names()
    {
        string[] named = ["src", "module", "tests", "build", "PSRunner.sln", "README.md"];
        string[] mustStandHere = ["LICENSE", "Directory.Build.props", "Directory.Packages.props"];
        string[] made = ["artifacts", "test-batches", "TestResults"];
        var found = Directory.EnumerateFileSystemEntries(Root).Select(p => Path.GetFileName(p)!).Where(n => n[0] != '.');

        Assert.Empty(found.Except([.. named, .. mustStandHere, .. made]));
        Assert.All(named, n => Assert.True(Path.Exists(Path.Combine(Root, n)), n));
    }

    private static string FindRoot()
    {
        for (var folder = AppContext.BaseDirectory; folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (File.Exists(Path.Combine(folder, "PSRunner.sln")))
            {
                return folder;
            }
        }

        throw new InvalidOperationException("The tests run outside the repository.");
    }
}
