using System.Text.Json;
using System.Text.Json.Serialization;
using PSRunner.Engine.Observation;
using PSRunner.Engine.Storage;

namespace PSRunner.Workflows.Endpoints.Registry;

/// <summary>
/// The endpoints that a user registered: one file in the user's configuration folder, without secrets, replaced whole or
/// not at all. Shells that change it at the same time wait for each other.
/// </summary>
public sealed class EndpointRegistry
{
    private const int MostEndpoints = 1000;
    private static readonly TimeSpan LockLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LockPause = TimeSpan.FromMilliseconds(20);

    private readonly string _path;

    /// <param name="path">The file; null: the user's.</param>
    public EndpointRegistry(string? path = null) => _path = path ?? DefaultPath;

    private static string DefaultPath
    {
        get
        {
            var config = Environment.GetEnvironmentVariable("XDG_CONFIG_HOME");
            return Path.Combine(
                string.IsNullOrEmpty(config) ? Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData, Environment.SpecialFolderOption.DoNotVerify) : config,
                "psrunner", "endpoints.json");
        }
    }

    /// <summary>All endpoints in the order of their names.</summary>
    /// <exception cref="TestBatchException">EndpointsUnreadable: the file is damaged or cannot be read.</exception>
    public IReadOnlyList<TestEndpoint> All()
    {
        try
        {
            return DiskFiles.Instance.TryReadAll(_path) is { } bytes
                ? [.. (JsonSerializer.Deserialize(bytes, EndpointsJson.Default.EndpointsFile)?.Endpoints ?? []).Select(EndpointRules.Normal)]
                : [];
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException(
                "EndpointsUnreadable", ErrorKind.ReadError, $"The file of endpoints '{_path}' cannot be read: {e.Message} Mend it, or delete it and register the endpoints again.", _path, e);
        }
    }

    /// <summary>An endpoint by its name, in any case; null when there is none.</summary>
    public TestEndpoint? Find(string name) => All().FirstOrDefault(e => IsNamed(e, name));

    /// <summary>Adds an endpoint.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="replace">True: one of the same name is replaced.</param>
    /// <exception cref="TestBatchException">EndpointExists, or what is wrong with the endpoint or the file.</exception>
    public void Add(TestEndpoint endpoint, bool replace)
    {
        endpoint = EndpointRules.Normal(endpoint);
        EndpointRules.Check(endpoint);
        Change(all =>
        {
            if (!replace && all.Exists(e => IsNamed(e, endpoint.Name)))
            {
                throw new TestBatchException(
                    "EndpointExists", ErrorKind.InvalidArgument, $"There is an endpoint '{endpoint.Name}' already. Change it with Set-TestEndpoint, or replace it with -Force.", endpoint.Name);
            }

            if (all.Count >= MostEndpoints)
            {
                throw new TestBatchException(
                    "TooManyEndpoints", ErrorKind.LimitReached, $"{MostEndpoints} endpoints are registered, which is the most. Remove some with Unregister-TestEndpoint.", endpoint.Name);
            }

            all.RemoveAll(e => IsNamed(e, endpoint.Name));
            all.Add(endpoint);
        });
    }

    /// <summary>Removes an endpoint; nothing happens when there is none.</summary>
    public void Remove(string name) => Change(all => all.RemoveAll(e => IsNamed(e, name)));

    private static bool IsNamed(TestEndpoint endpoint, string name) => endpoint.Name.Equals(name, StringComparison.OrdinalIgnoreCase);

    private void Change(Action<List<TestEndpoint>> change)
    {
        try
        {
            Directory.CreateDirectory(Path.GetDirectoryName(_path)!);
            using var held = Lock();
            var all = All().ToList();
            change(all);
            var file = new EndpointsFile { Endpoints = [.. all.OrderBy(e => e.Name, StringComparer.OrdinalIgnoreCase)] };
            DiskFiles.Instance.Replace(_path, JsonSerializer.SerializeToUtf8Bytes(file, EndpointsJson.Default.EndpointsFile));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new TestBatchException("EndpointsNotWritable", ErrorKind.WriteError, $"The file of endpoints '{_path}' cannot be written: {e.Message}", _path, e);
        }
    }

    /// <summary>Between reading and replacing nobody else may: another shell's endpoint would be lost.</summary>
    private FileStream Lock()
    {
        var began = TimeProvider.System.GetTimestamp();
        using var pause = new ManualResetEventSlim();
        while (true)
        {
            try
            {
                return new FileStream(_path + ".lock", FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(began) < LockLimit)
            {
                pause.Wait(LockPause);
            }
        }
    }
}

/// <summary>What the file holds.</summary>
internal sealed record EndpointsFile
{
    /// <summary>The version of the file's rules.</summary>
    public int Format { get; init; } = 1;

    /// <summary>The endpoints.</summary>
    public required IReadOnlyList<TestEndpoint> Endpoints { get; init; }
}

[JsonSourceGenerationOptions(WriteIndented = true, PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, Converters = [typeof(NaNAsNull)])]
[JsonSerializable(typeof(EndpointsFile))]
internal sealed partial class EndpointsJson : JsonSerializerContext;
