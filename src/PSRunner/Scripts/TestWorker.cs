using System.Collections;
using System.ComponentModel;
using PSRunner.Engine.Execution;
using PSRunner.Engine.Workers;
using PSRunner.Hosting;

namespace PSRunner.Scripts;

/// <summary>The entry of worker processes. PSRunner starts them itself; there is nothing here to call.</summary>
[EditorBrowsable(EditorBrowsableState.Never)]
public static class TestWorker
{
    /// <summary>Serves the runner that started this process; does not return.</summary>
    public static void Run()
    {
        EngineLoadContext.Attach();
        Serve();
    }

    /// <summary>The script that runs now tells of one of its parts.</summary>
    /// <param name="id">Names the part.</param>
    /// <param name="name">What people call it.</param>
    /// <param name="outcome">Passed, Failed, Skipped or NotRun.</param>
    /// <param name="seconds">How long it took; NaN when it has not ended.</param>
    /// <param name="message">Why, in words.</param>
    public static void ReportStep(int id, string name, string outcome, double seconds, string message) => Steps.Report(id, name, outcome, seconds, message);

    // A method of its own: the engine can be found only once its load context answers.
    private static void Serve() => WorkerServer.Serve(new ScriptWorker());

#pragma warning disable CA1001 // Its runspace lives as long as the process.
    private sealed class ScriptWorker : IWorkerHost
#pragma warning restore CA1001
    {
        private readonly Dictionary<string, string?> _environment = [];
        private ScriptRunspace? _runspace;

        public void SetUp(string setup)
        {
            _runspace = new ScriptRunspace();
            _runspace.SetUp(ScriptSetup.Parse(setup));
            foreach (DictionaryEntry variable in Environment.GetEnvironmentVariables())
            {
                _environment[(string)variable.Key] = (string?)variable.Value;
            }
        }

        public AttemptReport Run(WorkerCase testCase, ITestOutput output)
        {
            try
            {
                Environment.CurrentDirectory = testCase.Folder;
            }
            catch (IOException e)
            {
                return new AttemptReport { Cause = Causes.NotStarted, Message = $"Its scratch folder is gone: {e.Message}" };
            }

            Steps.Output = output;
            var report = _runspace!.Run(testCase.SharedText, testCase.Definition, testCase.Folder, output);
            RestoreEnvironment();
            return report;
        }

        public void Stop() => _runspace?.Stop();

        public bool IsSpent => _runspace!.IsSpent;

        // What a test set is not there for the next.
        private void RestoreEnvironment()
        {
            var now = Environment.GetEnvironmentVariables();
            foreach (var name in now.Keys.Cast<string>().Where(name => !_environment.ContainsKey(name)).ToList())
            {
                Environment.SetEnvironmentVariable(name, null);
            }

            foreach (var (name, value) in _environment)
            {
                if ((string?)now[name] != value)
                {
                    Environment.SetEnvironmentVariable(name, value);
                }
            }
        }
    }

    // A class of its own: fields of the engine's types would load the engine too early.
    private static class Steps
    {
        public static ITestOutput? Output { get; set; }

        public static void Report(int id, string name, string outcome, double seconds, string message) =>
            Output?.Step(new StepLine(id, name, outcome, double.IsNaN(seconds) ? null : seconds, message));
    }
}
