using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace PSRunner.Benchmarks;

/// <summary>The same prompts in promptfoo, where it is on the PATH.</summary>
internal static class Promptfoo
{
    public const string Expected = "*what I would say*";

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(5);

    public static string Prompt(int number) => $"What would you say to number {number}?";

    /// <summary>Runs it; without a figure when it is not there.</summary>
    public static Dictionary<string, double> Run(string address, int prompts, int concurrency, string folder)
    {
        var config = Path.Combine(folder, "promptfooconfig.json");
        File.WriteAllText(config, JsonSerializer.Serialize(new
        {
            prompts = new[] { "{{q}}" },
            providers = new[] { new { id = "openai:chat:m", config = new { apiBaseUrl = address, apiKey = "none" } } },
            tests = Enumerable.Range(0, prompts).Select(i => new
            {
                vars = new { q = Prompt(i) },
                assert = new[] { new { type = "contains", value = Expected.Trim('*') } },
            }),
        }));
        var start = new ProcessStartInfo("promptfoo", ["eval", "-c", config, "--max-concurrency", $"{concurrency}", "--no-cache", "--no-table", "--no-progress-bar"])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = folder,
        };
        start.Environment["PROMPTFOO_CONFIG_DIR"] = folder;
        start.Environment["PROMPTFOO_DISABLE_TELEMETRY"] = start.Environment["PROMPTFOO_DISABLE_UPDATE"] = "1";
        try
        {
            var clock = Stopwatch.StartNew();
            using var process = Process.Start(start)!;
            process.OutputDataReceived += (_, _) => { };
            process.ErrorDataReceived += (_, _) => { };
            process.BeginOutputReadLine();
            process.BeginErrorReadLine();
            if (!process.WaitForExit(Limit))
            {
                process.Kill(entireProcessTree: true);
                throw new TimeoutException("promptfoo did not end.");
            }

            return process.ExitCode == 0
                ? new() { ["rate"] = prompts / clock.Elapsed.TotalSeconds }
                : throw new InvalidOperationException($"promptfoo ended with {process.ExitCode}.");
        }
        catch (Win32Exception)
        {
            return [];
        }
    }
}
