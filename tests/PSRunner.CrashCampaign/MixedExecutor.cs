using System.Globalization;
using System.Text;
using PSRunner.Engine.Execution;

namespace PSRunner.CrashCampaign;

/// <summary>Cheap tests of every kind of behaviour. What a case does follows from its parameters and its try, never from chance.</summary>
internal sealed class MixedExecutor : ITestExecutor
{
    public const string KindName = "mixed";

    public string Kind => KindName;

    public string Fingerprint => "mixed/1";

    public IReadOnlyList<string> Metrics { get; } = ["Square"];

    public bool JudgesModel => false;

    /// <summary>The campaign's kills come from outside: no case may be blamed for one.</summary>
    public bool CanCrashHost => false;

    public double DefaultTestTimeoutSeconds => 30;

    /// <summary>The cases of a batch. Few ignore their cancellation: a quarter of the throttle at once would rightly stop the batch.</summary>
    public static IEnumerable<TestCase> Plan(int count, Random chance) =>
        Enumerable.Range(0, count).Select(i => Case(i, i % 150 == 75 ? "stubborn" : chance.Next(100) switch
        {
            < 40 => "instant",
            < 77 => "wait",
            < 87 => "fail",
            < 92 => "throw",
            < 96 => "long",
            _ => "retry",
        }));

    /// <summary>Cases that a changed plan has more.</summary>
    public static IEnumerable<TestCase> More(int first, int count) => Enumerable.Range(first, count).Select(i => Case(i, "wait"));

    public async Task<AttemptReport> RunAsync(AttemptContext context, CancellationToken cancellation)
    {
        var number = (long)context.Case.GetParameter("Number")!;
        var mode = (string)context.Case.GetParameter("Mode")!;
        switch (mode)
        {
            case "wait":
                await Task.Delay(TimeSpan.FromMilliseconds(1 + (number % 9)), cancellation);
                break;
            case "fail":
                return Report(context, number) with { Cause = Causes.Assertion, Score = 0, Message = $"{number} is not {number + 1}\nzweite Zeile: ünï" };
            case "throw":
                throw new InvalidOperationException($"thrown by {number}");
            case "long":
                return Report(context, number) with { Output = new string((char)('a' + (number % 26)), 140_000) };
            case "retry" when context.Try == 1:
                return new AttemptReport { Cause = Causes.Throttled, Message = "once" };
            case "stubborn":
                await Task.Delay(TimeSpan.FromMilliseconds(400), CancellationToken.None);
                break;
        }

        return Report(context, number);
    }

    /// <summary>The one file that a case keeps.</summary>
    public static byte[] Transcript(string caseId) => Encoding.UTF8.GetBytes("transcript of " + caseId + "\n");

    private static TestCase Case(int number, string mode) =>
        new(KindName, $"{mode} {number}", [new("Number", (long)number), new("Mode", mode)])
        {
            Lane = number % 3 == 0 ? "model:a" : "",
            TestTimeoutSeconds = mode == "stubborn" ? 0.2 : double.NaN,
        };

    private static AttemptReport Report(AttemptContext context, long number) => new()
    {
        Score = number % 10 / 10.0,
        Output = string.Create(CultureInfo.InvariantCulture, $"output of {number}, try {context.Try} \"quoted\"\n"),
        Metrics = new Dictionary<string, double> { ["Square"] = number * number },
        Artifacts = number % 20 == 0 ? [new Artifact("transcript.txt", Transcript(context.CaseId))] : [],
    };
}
