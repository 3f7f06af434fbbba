using System.Diagnostics;
using System.Net.Http.Headers;
using System.Text;
using Microsoft.Extensions.AI;
using PSRunner.Engine;
using PSRunner.Engine.Execution;
using PSRunner.Workflows;
using PSRunner.Workflows.Cases;
using PSRunner.Workflows.Endpoints;
using PSRunner.Workflows.Endpoints.Registry;
using PSRunner.Workflows.Models;
using PSRunner.Workflows.Scoring;

namespace PSRunner.Benchmarks;

/// <summary>
/// Requests to a model that takes 50 ms, many at once: a batch of prompts (plan, rates, retries, judgement, durable results)
/// and the endpoint's client alone, beside a bare loop over HttpClient that sends the same bytes and reads the answer. Then
/// what memory a thousand conversations at once take, and promptfoo, where it is installed, with the same prompts. The server
/// is a process of its own on the same cores.
/// </summary>
internal static class ModelRequests
{
    private const int LatencyMilliseconds = 50;
    private const double Seconds = 5;
    private const string Name = "bench";
    private const int Prompts = 2000;
    private const int Conversations = 1000;

    public static int Compare(int[] concurrencies)
    {
        Console.WriteLine($"Requests of {LatencyMilliseconds} ms, streamed and whole, {Seconds:0} s each; per second, and as a share of the bare loop.");
        Console.WriteLine("at once   ideal   bare   client  of bare   whole  of bare   batch  of bare  with transcripts  of bare  peak MB");
        foreach (var concurrency in concurrencies)
        {
            using var server = new Server(LatencyMilliseconds);
            var f = InFolder(folder => ChildRun.Start("endpoints", $"{concurrency}", server.Address, folder));
            Console.WriteLine(
                $"{concurrency,7} {concurrency * 1000.0 / LatencyMilliseconds,7:N0} {f["bare"],6:N0} {f["streamed"],8:N0} {f["streamed"] / f["bare"],8:P0}"
                + $" {f["whole"],7:N0} {f["whole"] / f["bare"],8:P0} {f["batch"],7:N0} {f["batch"] / f["bare"],8:P0} {f["kept"],17:N0} {f["kept"] / f["bare"],8:P0} {f["memory"],8:N0}");
        }

        using (var slow = new Server(1000))
        {
            var f = InFolder(folder => ChildRun.Start("conversations", $"{Conversations}", slow.Address, folder));
            Console.WriteLine($"{Conversations:N0} conversations at once, requests of 1 s: {f["batch"]:N0} requests/s of {Conversations:N0}, peak {f["memory"]:N0} MB.");
        }

        using var again = new Server(LatencyMilliseconds);
        foreach (var concurrency in (ReadOnlySpan<int>)[20, 200])
        {
            var ours = InFolder(folder => ChildRun.Start("prompts", $"{concurrency}", again.Address, folder));
            var theirs = InFolder(folder => Promptfoo.Run(again.Address, Prompts, concurrency, folder));
            Console.WriteLine($"{Prompts:N0} prompts, {concurrency} at once, start and end included: PSRunner {ours["rate"]:N0}/s, {ours["memory"]:N0} MB; "
                + (theirs.Count > 0 ? $"promptfoo {theirs["rate"]:N0}/s." : "promptfoo is not on the PATH and was not run."));
        }

        return 0;
    }

    public static async Task<int> RunChildAsync(int concurrency, string address, string folder)
    {
        ChildRun.Print("bare", await LoopAsync(concurrency, Bare(new Uri(address + "/chat/completions"), concurrency)));
        ChildRun.Print("streamed", await ClientAsync(concurrency, address, isStreamed: true));
        ChildRun.Print("whole", await ClientAsync(concurrency, address, isStreamed: false));
        var prompts = (int)(concurrency * Seconds * 1000 / LatencyMilliseconds);
        ChildRun.Print("batch", Batch(concurrency, address, folder, catalog => PromptsOf(catalog, prompts), ArtifactRule.None));
        ChildRun.Print("kept", Batch(concurrency, address, folder, catalog => PromptsOf(catalog, prompts / 4)));
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return 0;
    }

    public static int RunConversations(int count, string address, string folder)
    {
        // The model never acts: after three such replies a conversation ends.
        ChildRun.Print("batch", Batch(
            count, address, folder, catalog => WorkflowCases.Create(new() { Model = [Name], PromptType = ["baseline"], Instances = 20, Repeat = count / 20 }, catalog)));
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return 0;
    }

    public static int RunPrompts(int concurrency, string address, string folder)
    {
        var clock = Stopwatch.StartNew();
        Batch(concurrency, address, folder, catalog => PromptsOf(catalog, Prompts));
        ChildRun.Print("rate", Prompts / clock.Elapsed.TotalSeconds);
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return 0;
    }

    private static IEnumerable<TestCase> PromptsOf(ModelCatalog catalog, int count)
    {
        var cases = new PromptCases(new PromptCaseOptions { CurrentFolder = "" }, catalog);
        return Enumerable.Range(0, count).SelectMany(i => cases.Of(new PromptRow
        {
            Model = [Name],
            Prompt = new GivenText(Promptfoo.Prompt(i), IsTemplate: false),
            Expected = [new("like", new GivenText(Promptfoo.Expected, IsTemplate: false))],
        }));
    }

    private static Func<Task> Bare(Uri address, int concurrency)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = concurrency });
        var body = Encoding.UTF8.GetBytes("""{"messages":[{"role":"user","content":"What would you say?"}],"model":"m","stream":true,"stream_options":{"include_usage":true}}""");
        return async () =>
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await client.PostAsync(address, content);
            await answer.Content.ReadAsByteArrayAsync();
        };
    }

    private static async Task<double> ClientAsync(int concurrency, string address, bool isStreamed)
    {
        using var open = DeploymentHub.Shared.Open(Endpoint(address) with { NoStreaming = !isStreamed }, [ApiKey.None]);
        return await LoopAsync(concurrency, async () =>
        {
            using var client = new EndpointClient(open.Endpoint, new RequestLog(TimeProvider.System), TimeSpan.FromSeconds(60));
            await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "What would you say?")]))
            {
            }
        });
    }

    /// <summary>How many a second, when the first second is over.</summary>
    private static async Task<double> LoopAsync(int concurrency, Func<Task> send)
    {
        var (done, clock) = (0, Stopwatch.StartNew());
        await Task.WhenAll(Enumerable.Range(0, concurrency).Select(_ => Task.Run(async () =>
        {
            while (clock.Elapsed.TotalSeconds < Seconds + 1)
            {
                await send();
                if (clock.Elapsed.TotalSeconds is > 1 and < Seconds + 1)
                {
                    Interlocked.Increment(ref done);
                }
            }
        })));
        return done / Seconds;
    }

    private static double Batch(int concurrency, string address, string folder, Func<ModelCatalog, IEnumerable<TestCase>> cases, ArtifactRule keep = ArtifactRule.All)
    {
        var registry = new EndpointRegistry(Path.Combine(folder, "endpoints.json"));
        registry.Add(Endpoint(address), replace: true);
        var catalog = new ModelCatalog(new EmbeddedModels(0), registry, (_, _) => "");
        using var builder = new BatchBuilder(
            new BatchOptions { OutputPath = folder, ThrottleLimit = concurrency, KeepArtifact = keep }, [new WorkflowExecutor(catalog), new PromptExecutor(catalog, new NoScripts())]);
        foreach (var testCase in cases(catalog))
        {
            builder.Add(testCase);
        }

        var count = builder.Count;
        using var session = builder.Start();
        var (taken, requests, first, last) = (0, 0.0, 0.0, 0.0);
        var clock = Stopwatch.StartNew();
        while (!session.Results.IsCompleted)
        {
            if (!session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                continue;
            }

            // From the end of the first round to the begin of the last: neither the canary nor those that end alone.
            taken++;
            first = taken == concurrency ? clock.Elapsed.TotalSeconds : first;
            if (taken > concurrency && taken <= count - concurrency)
            {
                requests += result.GetMetrics().First(m => m.Key == MetricNames.Requests).Value;
                last = clock.Elapsed.TotalSeconds;
            }
        }

        foreach (var note in session.TakeNotes())
        {
            Console.WriteLine(note);
        }

        return requests / (last - first);
    }

    private static TestEndpoint Endpoint(string address) =>
        new() { Name = Name, Uri = address, Model = "m", RequestsPerMinute = 60 * 50_000, MaxConcurrency = 2_000 };

    private static Dictionary<string, double> InFolder(Func<string, Dictionary<string, double>> run)
    {
        var folder = Directory.CreateTempSubdirectory("psrunner-bench-").FullName;
        try
        {
            return run(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class NoScripts : IReplyScripts
    {
        public string Fingerprint => "";

        public IReadOnlyList<string> Metrics => [];

        public void TryOut()
        {
        }

        public IDisposable BeginSession(SessionFacts session) => Disposable;

        public Task<AttemptReport> JudgeAsync(AttemptContext context, string reply, CancellationToken cancellation) => throw new NotSupportedException();

        private static readonly MemoryStream Disposable = new();
    }

    private sealed class Server : IDisposable
    {
        private readonly Process _process;

        public Server(int latency)
        {
            _process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, ["child", "server", $"{latency}"]) { RedirectStandardOutput = true, RedirectStandardInput = true })!;
            Address = _process.StandardOutput.ReadLine() ?? throw new InvalidOperationException("The server does not start.");
        }

        public string Address { get; }

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit(TimeSpan.FromSeconds(5));
            _process.Dispose();
        }
    }
}
