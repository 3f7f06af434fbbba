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
    private const double Seconds = 4;
    private const double WarmUpSeconds = 2;

    /// <summary>About what a batch reaches without a rate: so that it lasts as long.</summary>
    private const int BatchRate = 5000;
    private const string Name = "bench";
    private const int Prompts = 2000;
    private const int Conversations = 1000;

    private static readonly (string Kind, string Of)[] Kinds =
    [
        ("bare streamed", "bare streamed"),
        ("bare whole", "bare whole"),
        ("client library streamed", "bare streamed"),
        ("client streamed", "bare streamed"),
        ("client whole", "bare whole"),
        ("batch streamed", "bare streamed"),
        ("batch with transcripts", "bare streamed"),
    ];

    /// <summary>Starts a second at which two cores are not what limits it.</summary>
    private const int SetRate = 1000;

    public static int Compare(int[] concurrencies)
    {
        Console.WriteLine($"Requests of {LatencyMilliseconds} ms, {Seconds:0} s of each kind after {WarmUpSeconds:0} s; of the bare loop with the same bytes and the same streaming. CPU of {Environment.ProcessorCount} cores.");
        Console.WriteLine("at once   rate kind                     requests/s   of bare   us CPU/request   own CPU   server's CPU");
        foreach (var concurrency in concurrencies)
        {
            foreach (var rate in (ReadOnlySpan<int>)[SetRate, 0])
            {
                using var server = new Server(LatencyMilliseconds);
                var f = InFolder(folder => ChildRun.Start("endpoints", $"{concurrency}", $"{rate}", server.Address, $"{server.Id}", folder));
                foreach (var (kind, of) in Kinds)
                {
                    Console.WriteLine(
                        $"{concurrency,7} {(rate > 0 ? $"{rate}/s" : "none"),6} {kind,-26} {f[kind],8:N0} {f[kind] / f[of],9:P1} {f[kind + " cpu"] / f[kind] * 1e6,16:N0}"
                        + $" {f[kind + " cpu"] / Environment.ProcessorCount,9:P0} {f[kind + " server"] / Environment.ProcessorCount,14:P0}");
                }
            }
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

    /// <param name="concurrency">Requests at once.</param>
    /// <param name="rate">Starts a second; 0: as many as it can.</param>
    /// <param name="address">The server's.</param>
    /// <param name="serverId">The server's process.</param>
    /// <param name="folder">An empty one.</param>
    public static async Task<int> RunChildAsync(int concurrency, int rate, string address, int serverId, string folder)
    {
        using var server = Process.GetProcessById(serverId);
        var load = new Load(concurrency, rate, server);
        Print("bare streamed", await LoopAsync(load, Bare(address, concurrency, isStreamed: true)));
        Print("bare whole", await LoopAsync(load, Bare(address, concurrency, isStreamed: false)));
        Print("client library streamed", await ClientAsync(load, address, isStreamed: true, isBare: true));
        Print("client streamed", await ClientAsync(load, address, isStreamed: true));
        Print("client whole", await ClientAsync(load, address, isStreamed: false));
        var prompts = (int)((Seconds + WarmUpSeconds) * (rate > 0 ? rate : BatchRate));
        Print("batch streamed", Batch(load, address, folder, catalog => PromptsOf(catalog, prompts), ArtifactRule.None));
        Print("batch with transcripts", Batch(load, address, folder, catalog => PromptsOf(catalog, prompts)));
        return 0;
    }

    private static void Print(string kind, Figures figures)
    {
        ChildRun.Print(kind, figures.Rate);
        ChildRun.Print(kind + " cpu", figures.Cpu);
        ChildRun.Print(kind + " server", figures.ServerCpu);
    }

    public static int RunConversations(int count, string address, string folder)
    {
        // The model never acts: after three such replies a conversation ends.
        ChildRun.Print("batch", Batch(
            new Load(count, 0, null), address, folder, catalog => WorkflowCases.Create(new() { Model = [Name], PromptType = ["baseline"], Instances = 20, Repeat = count / 10 }, catalog)).Rate);
        ChildRun.Print("memory", ChildRun.PeakMemoryMB());
        return 0;
    }

    public static int RunPrompts(int concurrency, string address, string folder)
    {
        var clock = Stopwatch.StartNew();
        Batch(new Load(concurrency, 0, null), address, folder, catalog => PromptsOf(catalog, Prompts));
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

    private static Func<Task> Bare(string address, int concurrency, bool isStreamed)
    {
        var client = new HttpClient(new SocketsHttpHandler { MaxConnectionsPerServer = concurrency });
        var body = Encoding.UTF8.GetBytes(
            """{"messages":[{"role":"user","content":"What would you say?"}],"model":"m" """.TrimEnd()
            + (isStreamed ? ""","stream":true,"stream_options":{"include_usage":true}}""" : "}"));
        var uri = new Uri(address + "/chat/completions");
        return async () =>
        {
            using var content = new ByteArrayContent(body);
            content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var answer = await client.PostAsync(uri, content);
            await answer.Content.ReadAsByteArrayAsync();
        };
    }

    private static async Task<Figures> ClientAsync(Load load, string address, bool isStreamed, bool isBare = false)
    {
        using var open = DeploymentHub.Shared.Open(Endpoint(address, load.Rate) with { NoStreaming = !isStreamed }, [ApiKey.None]);
        return await LoopAsync(load with { Rate = isBare ? load.Rate : 0 }, async () =>
        {
            using var ours = new EndpointClient(open.Endpoint, new RequestLog(TimeProvider.System), TimeSpan.FromSeconds(60));
            var client = isBare ? open.Endpoint.Deployments[0].Inner : ours;
            await foreach (var _ in client.GetStreamingResponseAsync([new ChatMessage(ChatRole.User, "What would you say?")]))
            {
            }
        });
    }

    /// <summary>Sends in as many loops as are to be at once; with a rate each loop sends at its own times, evenly spread.</summary>
    private static async Task<Figures> LoopAsync(Load load, Func<Task> send)
    {
        var (done, clock) = (0, Stopwatch.StartNew());
        var end = WarmUpSeconds + Seconds;
        var loops = Task.WhenAll(Enumerable.Range(0, load.Concurrency).Select(number => Task.Run(async () =>
        {
            for (var turn = 0L; clock.Elapsed.TotalSeconds < end; turn++)
            {
                var wait = load.Rate > 0 ? (((turn * load.Concurrency) + number) / (double)load.Rate) - clock.Elapsed.TotalSeconds : 0;
                if (wait > 0)
                {
                    await Task.Delay(TimeSpan.FromSeconds(wait));
                }

                await send();
                if (clock.Elapsed.TotalSeconds > WarmUpSeconds && clock.Elapsed.TotalSeconds < end)
                {
                    Interlocked.Increment(ref done);
                }
            }
        })));
        await Task.Delay(TimeSpan.FromSeconds(WarmUpSeconds));
        var from = load.Look();
        await Task.Delay(TimeSpan.FromSeconds(Seconds));
        var figures = load.Look().Since(from, done);
        await loops;
        return figures;
    }

    private static Figures Batch(Load load, string address, string folder, Func<ModelCatalog, IEnumerable<TestCase>> cases, ArtifactRule keep = ArtifactRule.All)
    {
        var registry = new EndpointRegistry(Path.Combine(folder, "endpoints.json"));
        registry.Add(Endpoint(address, load.Rate), replace: true);
        var catalog = new ModelCatalog(new EmbeddedModels(0), registry, (_, _) => "");
        using var builder = new BatchBuilder(
            new BatchOptions { OutputPath = folder, ThrottleLimit = load.Concurrency, KeepArtifact = keep }, [new WorkflowExecutor(catalog), new PromptExecutor(catalog, new NoScripts())]);
        foreach (var testCase in cases(catalog))
        {
            builder.Add(testCase);
        }

        var count = builder.Count;
        using var session = builder.Start();
        var (taken, requests) = (0, 0.0);
        var (first, last) = (load.Look(), default(Figures));
        while (!session.Results.IsCompleted)
        {
            if (!session.Results.TryTake(out var result, TimeSpan.FromSeconds(1)))
            {
                continue;
            }

            // Full rounds, from a quarter to the last but one: neither the canary nor the slow start nor those that end alone.
            taken++;
            if (taken == Math.Max(1, count / 4 / load.Concurrency) * load.Concurrency)
            {
                (first, requests) = (load.Look(), 0);
            }

            requests += result.GetMetrics().First(m => m.Key == MetricNames.Requests).Value;
            if (taken == ((count / load.Concurrency) - 1) * load.Concurrency)
            {
                last = load.Look().Since(first, requests);
            }
        }

        foreach (var note in session.TakeNotes())
        {
            Console.WriteLine(note);
        }

        return last;
    }

    private static TestEndpoint Endpoint(string address, int rate) =>
        new() { Name = Name, Uri = address, Model = "m", RequestsPerMinute = 60 * (rate > 0 ? rate : 50_000), MaxConcurrency = 2_000 };

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

    /// <summary>How many at once, how many starts a second (0: as many as it can), and the server beside it.</summary>
    private sealed record Load(int Concurrency, int Rate, Process? Server)
    {
        public Look Look()
        {
            Server?.Refresh();
            using var self = Process.GetCurrentProcess();
            return new(Stopwatch.GetTimestamp(), self.TotalProcessorTime, Server?.TotalProcessorTime ?? TimeSpan.Zero);
        }
    }

    private readonly record struct Look(long At, TimeSpan Cpu, TimeSpan ServerCpu)
    {
        public Figures Since(Look from, double requests)
        {
            var seconds = Stopwatch.GetElapsedTime(from.At, At).TotalSeconds;
            return new(requests / seconds, (Cpu - from.Cpu) / TimeSpan.FromSeconds(seconds), (ServerCpu - from.ServerCpu) / TimeSpan.FromSeconds(seconds));
        }
    }

    /// <summary>Requests a second, and the cores used: by this process and by the server.</summary>
    private readonly record struct Figures(double Rate, double Cpu, double ServerCpu);

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

        public int Id => _process.Id;

        public void Dispose()
        {
            _process.StandardInput.Close();
            _process.WaitForExit(TimeSpan.FromSeconds(5));
            _process.Dispose();
        }
    }
}
