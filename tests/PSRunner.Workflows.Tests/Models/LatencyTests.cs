using System.Globalization;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Randomness;

namespace PSRunner.Workflows.Tests.Models;

public sealed class LatencyTests
{
    public static TheoryData<string[], string> Groups => new()
    {
        { ["DeepSeek_V3_0324", "Llama_3_3_70B_Instruct"], nameof(Latency.LikeLargeModels) },
        { ["qwen2_5_72b_instruct"], nameof(Latency.LikeMediumModels) },
        { ["qwen2_5_3b_instruct", "qwen2_5_7b_instruct", "qwen2_5_14b_instruct", "qwen2_5_32b_instruct"], nameof(Latency.LikeSmallModels) },
    };

    [Theory]
    [MemberData(nameof(Groups))]
    public void The_shipped_parameters_give_the_recorded_quantiles(string[] models, string name)
    {
        var latency = (Latency)typeof(Latency).GetField(name)!.GetValue(null)!;
        var random = new SeededRandom("latency test");
        var drawn = Enumerable.Range(0, 20_000).Select(_ => latency.Draw(random)).Order().ToList();
        var recorded = Recorded(models).Order().ToList();

        foreach (var quantile in (double[])[0.1, 0.25, 0.5, 0.75, 0.9, 0.99])
        {
            var expected = recorded[(int)(quantile * recorded.Count)];
            Assert.InRange(drawn[(int)(quantile * drawn.Count)], expected / 1.35, expected * 1.35);
        }
    }

    private static IEnumerable<double> Recorded(string[] models)
    {
        var lines = File.ReadAllLines(RecordedData.Find("interaction_index.csv"));
        var columns = lines[0].Split(',').ToList();
        int model = columns.IndexOf("model"), turns = columns.IndexOf("turns"), seconds = columns.IndexOf("exec_s");
        foreach (var fields in lines.Skip(1).Select(line => line.Split(',')))
        {
            var (n, s) = (double.Parse(fields[turns], CultureInfo.InvariantCulture), double.Parse(fields[seconds], CultureInfo.InvariantCulture));
            if (models.Contains(fields[model]) && n > 0 && s > 0 && s != 600)
            {
                yield return s / n;
            }
        }
    }
}
