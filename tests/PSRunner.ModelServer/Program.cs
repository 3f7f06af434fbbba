using System.Globalization;
using PSRunner.ModelServer;

// A server for trying things by hand: options are --port, --rpm, --tpm, --concurrency, --latency (ms), --fault <name>.
var given = args.Chunk(2).Where(pair => pair.Length == 2).ToDictionary(pair => pair[0].TrimStart('-'), pair => pair[1]);
double? Number(string name) => given.TryGetValue(name, out var text) ? double.Parse(text, CultureInfo.InvariantCulture) : null;

await using var server = ChatServer.Start(new ServerOptions
{
    Port = (int)(Number("port") ?? 0),
    Faults = given.TryGetValue("fault", out var fault) ? FaultScripts.Always(Enum.Parse<Fault>(fault, ignoreCase: true)) : FaultScripts.None,
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
