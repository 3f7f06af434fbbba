using PSRunner.Engine;
using PSRunner.Workflows.Endpoints.Registry;
using PSRunner.Workflows.Models;

namespace PSRunner.Workflows.Tests.Endpoints;

/// <summary>A folder with a registry of its own, in which whole batches run against endpoints.</summary>
internal sealed class EndpointBatch : IDisposable
{
    public const string Key = "sk-test-0123456789abcdef+/=";
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(Environment.GetEnvironmentVariable("PSRUNNER_LONG_TESTS") == "1" ? 15 : 3);
    private readonly string _folder = Directory.CreateTempSubdirectory("psrunner-endpoints-").FullName;
    private readonly string _variable = "PSRUNNER_TEST_KEY_" + Guid.NewGuid().ToString("N");

    public EndpointBatch()
    {
        Environment.SetEnvironmentVariable(_variable, Key);
        Registry = new EndpointRegistry(Path.Combine(_folder, "endpoints.json"));
    }

    public string Folder => _folder;

    public EndpointRegistry Registry { get; }

    public ModelCatalog Catalog => new(new EmbeddedModels(0), Registry, (_, _) => "");

    /// <summary>Registers the server as an endpoint.</summary>
    public void Register(string name, Uri address, Func<TestEndpoint, TestEndpoint>? change = null)
    {
        var endpoint = new TestEndpoint { Name = name, Uri = address.ToString(), Model = name, ApiKeyVariable = [_variable], RequestsPerMinute = 60_000 };
        Registry.Add(change?.Invoke(endpoint) ?? endpoint, replace: true);
    }

    /// <summary>Runs cases as a batch to its end.</summary>
    public Ended Run(IEnumerable<TestCase> cases, Func<BatchOptions, BatchOptions>? change = null, IModelCatalog? catalog = null)
    {
        using var session = Start(cases, change, catalog);
        return Drain(session);
    }

    /// <summary>Starts cases as a batch.</summary>
    public BatchSession Start(IEnumerable<TestCase> cases, Func<BatchOptions, BatchOptions>? change = null, IModelCatalog? catalog = null)
    {
        var options = new BatchOptions { Name = "e", OutputPath = Path.Combine(_folder, "batches"), ThrottleLimit = 20, RetryCount = 0, TestTimeoutSeconds = 120 };
        using var builder = new BatchBuilder(change?.Invoke(options) ?? options, [new WorkflowExecutor(catalog ?? Catalog)]);
        foreach (var testCase in cases)
        {
            builder.Add(testCase);
        }

        return builder.Start();
    }

    /// <summary>Changes the plan of a batch that nothing works on.</summary>
    public void Change(string runFolder, IEnumerable<TestCase> cases)
    {
        using var change = new PlanChange([new WorkflowExecutor(Catalog)]);
        foreach (var testCase in cases)
        {
            change.Add(testCase);
        }

        change.Freeze();
        change.Apply(runFolder);
    }

    /// <summary>Goes on with a batch.</summary>
    public Ended Resume(string runFolder, ResumeOptions options)
    {
        using var session = BatchSession.Resume(runFolder, options, [new WorkflowExecutor(Catalog)]);
        return Drain(session);
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable(_variable, null);
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Takes the results of a session to its end.</summary>
    public static Ended Drain(BatchSession session)
    {
        var results = new List<TestResult>();
        var began = TimeProvider.System.GetTimestamp();
        var notes = new List<string>();
        while (!session.Results.IsCompleted)
        {
            Assert.True(TimeProvider.System.GetElapsedTime(began) < Patience, "The batch does not end: " + session.GetProgress());
            if (session.Results.TryTake(out var result, TimeSpan.FromMilliseconds(100)))
            {
                results.Add(result);
            }

            notes.AddRange(session.TakeNotes());
        }

        Assert.True(session.WaitForEnd(TimeSpan.FromSeconds(30)));
        notes.AddRange(session.TakeNotes());
        return new Ended(session.Batch, results, notes);
    }

    internal sealed record Ended(TestBatch Batch, IReadOnlyList<TestResult> Results, IReadOnlyList<string> Notes);
}
