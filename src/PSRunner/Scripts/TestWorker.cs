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
            _runspace = new ScriptRunspace(ScriptSetup.Parse(setup));
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

            var report = _runspace!.Run(testCase.SharedText, testCase.Definition, testCase.Folder, output);
            RestoreEnvironment();
            return report;
        }

        public void Stop() => _runspace?.Stop();

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
}
