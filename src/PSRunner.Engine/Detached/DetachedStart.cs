using System.Collections;
using System.Diagnostics;
using System.Text.Json;
using PSRunner.Engine.Processes.Unix;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Detached;

/// <summary>Starts the guardian of a batch so that it outlives this process, its terminal and its session.</summary>
public static class DetachedStart
{
    /// <summary>The file in the run folder that takes what guardian and batch write.</summary>
    public const string LogName = "detached.log";

    // Started in the background by a shell that ends at once, so that nobody here has to reap it.
    private const string InBackground = "\"$@\" &";
    private static readonly TimeSpan SpawnLimit = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan TakeUpLimit = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(100);

    /// <summary>Starts the guardian and waits until a process works on the batch, or has done so.</summary>
    /// <param name="runFolder">The batch; the guardian works in the folder that holds it.</param>
    /// <param name="program">A full path.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="canceled">Signaled when the caller waits no more; the batch goes on all the same.</param>
    /// <exception cref="TestBatchException"><c>DetachedNotStarted</c>.</exception>
    public static void Start(string runFolder, string program, IReadOnlyList<string> arguments, WaitHandle canceled)
    {
        var folder = new RunFolder(runFolder);
        var before = File.GetLastWriteTimeUtc(folder.StatusFile);
        File.Delete(folder.GuardianFile);
        Spawn(folder, program, arguments);
        var began = TimeProvider.System.GetTimestamp();
        while (File.GetLastWriteTimeUtc(folder.StatusFile) == before)
        {
            if (TimeProvider.System.GetElapsedTime(began) > TakeUpLimit || GuardianInfo.TryRead(folder) is { GaveUp: true })
            {
                throw NotStarted(folder);
            }

            if (canceled.WaitOne(LookEvery))
            {
                return;
            }
        }
    }

    private static void Spawn(RunFolder folder, string program, IReadOnlyList<string> arguments)
    {
        var workingFolder = Path.GetDirectoryName(folder.FullPath)!;
        if (OperatingSystem.IsWindows())
        {
            using var process = Process.Start(new ProcessStartInfo(program, arguments) { UseShellExecute = false, CreateNoWindow = true, WorkingDirectory = workingFolder });
            return;
        }

        var variables = Environment.GetEnvironmentVariables().Cast<DictionaryEntry>().ToDictionary(v => (string)v.Key, v => (string?)v.Value ?? "", StringComparer.Ordinal);
        ReadOnlySpan<ChildFile> files = [new(0, "/dev/null"), new(1, Path.Combine(folder.FullPath, LogName), Write: true), new(2, null, Source: 1)];
        var error = PosixSpawn.Start("/bin/sh", ["-c", InBackground, "psrunner-detached", program, .. arguments], variables, workingFolder, files, out var pid);
        if (error != 0 || !SpinWait.SpinUntil(() => HasEnded(pid), SpawnLimit))
        {
            throw NotStarted(folder, error == 0 ? "/bin/sh did not end" : new System.ComponentModel.Win32Exception(error).Message);
        }
    }

    private static TestBatchException NotStarted(RunFolder folder, string? why = null)
    {
        var log = Path.Combine(folder.FullPath, LogName);
        var said = why ?? (File.Exists(log) ? File.ReadLines(log).LastOrDefault(line => line.Trim().Length > 0) : null) ?? "it said nothing";
        return new TestBatchException(
            "DetachedNotStarted", ErrorKind.Busy,
            $"No process took up batch '{folder.Id}': {said} ({LogName} in its run folder may say more). It is planned and nothing is lost: Resume-TestBatch {folder.Id}", folder.FullPath);
    }

    /// <summary>What a resume changes, as one word of a command line.</summary>
    public static string ToWord(ResumeOptions changes) => Convert.ToBase64String(JsonSerializer.SerializeToUtf8Bytes(changes, GuardianJson.Default.ResumeOptions));

    /// <summary>Reads what <see cref="ToWord"/> made.</summary>
    public static ResumeOptions FromWord(string word) => JsonSerializer.Deserialize(Convert.FromBase64String(word), GuardianJson.Default.ResumeOptions)!;

    private static unsafe bool HasEnded(int pid) => Libc.Wait4(pid, null, Libc.WNOHANG, null) != 0;
}
