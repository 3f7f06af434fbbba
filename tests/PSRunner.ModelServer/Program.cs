using System.Globalization;
using PSRunner.ModelServer;

// A server for trying things by hand: options are --port, --rpm, --tpm, --concurrency, --latency (ms), --key, --model,
// --fault <name,name> and --share (of the requests that meet one of them; 1 unless given).
var given = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]);
string[] List(string name) => given.TryGetValue(name, out var text) ? text.Split(',') : [];
double? Number(string name) => given.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

await using var server = ChatServer.Start(new ServerOptions
{
    Port = (int)(Number("port") ?? 0),
    Keys = List("key"),
    Models = List("model"),
    Faults = List("fault") is { Length: > 0 } names
        ? FaultScripts.Mixed(Number("share") ?? 1, seed: 1, [.. names.Select(name => Enum.Parse<Fault>(name, ignoreCase: true))])
        : FaultScripts.None,
    Capacity = new Capacity
    {
        RequestsPerMinute = Number("rpm"),
        TokensPerMinute = Number("tpm"),
        Concurrency = (int?)Number("concurrency"),
        Latency = TimeSpan.FromMilliseconds(Number("latency") ?? 0),
    },
});
Console.WriteLine(server.Endpoint);
var end = new TaskCompletionSource();
Console.CancelKeyPress += (_, pressed) =>
{
    pressed.Cancel = true;
    end.TrySetResult();
};
await end.Task;
