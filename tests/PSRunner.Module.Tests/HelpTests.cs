using System.Management.Automation;
using System.Xml.Linq;
using PSRunner.Module.Tests.Hosting;

namespace PSRunner.Module.Tests;

[Collection(OneAtATime.Name)]
public sealed class HelpTests : IDisposable
{
    private static readonly XNamespace Command = "http://schemas.microsoft.com/maml/dev/command/2004/10";
    private static readonly XNamespace Maml = "http://schemas.microsoft.com/maml/2004/10";

    private readonly HostedPowerShell _shell = new();

    public void Dispose() => _shell.Dispose();

    [Fact]
    public void The_help_file_describes_every_parameter_of_every_cmdlet()
    {
        var help = XDocument.Load(Path.Combine(Repository.ModuleFolder, "en-US", "PSRunner.dll-Help.xml")).Root!
            .Elements(Command + "command")
            .ToDictionary(
                c => c.Element(Command + "details")!.Element(Command + "name")!.Value,
                c => c.Element(Command + "parameters")!.Elements(Command + "parameter").Select(p => p.Element(Maml + "name")!.Value).Order());
        foreach (var command in Commands())
        {
            Assert.Equal(OwnParameters(command).Select(p => p.Name).Order(), help[command.Name]);
        }
    }

    [Fact]
    public void Every_parameter_has_a_help_message_because_completion_shows_it() =>
        Assert.All(Commands().SelectMany(OwnParameters), p =>
            Assert.All(p.Attributes.OfType<ParameterAttribute>(), a => Assert.False(string.IsNullOrEmpty(a.HelpMessage), p.Name)));

    [Fact]
    public void No_parameter_of_a_default_set_is_mandatory_because_asking_is_hanging() =>
        Assert.All(Commands(), c =>
            Assert.DoesNotContain(c.ParameterSets.Single(s => s.IsDefault || c.ParameterSets.Count == 1).Parameters, p => p.IsMandatory));

    [Fact]
    public void The_about_topic_fits_80_columns() =>
        Assert.All(File.ReadLines(Path.Combine(Repository.ModuleFolder, "en-US", "about_PSRunner.help.txt")), line => Assert.InRange(line.Length, 0, 80));

    [Fact]
    public void The_readme_maps_every_flag_of_the_old_runner()
    {
        // Of its batch script, its smart runner, its parallel runner and its test runner.
        const string Flags = """
            --model --models --deployment --prompt-types --difficulty --task-types --num-instances --instances --count --tool-success-rate
            --max-workers --workers --qps --adaptive --no-adaptive --rate-mode --timeout --save-logs --no-save-logs --batch-commit
            --no-batch-commit --checkpoint-interval --ai-classification --no-ai-classification --provider-parallel --prompt-parallel
            --result-suffix --auto-maintain --incremental-retest --completion-threshold --idealab-key-index --ignore-progress --fresh
            --force-fresh --incremental --auto --debug --full-auto --ultra-parallel --conservative --with-maintenance --maintenance-only
            --debug-log --debug-process --smart --progress --detailed --concurrent --silent --clear --help
            """;
        var mapped = File.ReadLines(Path.Combine(Repository.Root, "README.md")).Where(line => line.StartsWith("| ", StringComparison.Ordinal)).Select(line => line.Split('|')[1]).ToList();

        Assert.All(Flags.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries), flag => Assert.Contains(mapped, cell => cell.Contains($"`{flag}`", StringComparison.Ordinal)));
    }

    private List<CmdletInfo> Commands() =>
        [.. _shell.Invoke("Get-Command -Module PSRunner -CommandType Cmdlet").Select(c => (CmdletInfo)c.BaseObject)];

    private static IEnumerable<ParameterMetadata> OwnParameters(CmdletInfo command) =>
        command.Parameters.Values.Where(p => !Cmdlet.CommonParameters.Contains(p.Name) && !Cmdlet.OptionalCommonParameters.Contains(p.Name));
}
