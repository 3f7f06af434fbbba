using System.Collections.Concurrent;
using System.Text;
using System.Text.Json;
using PSRunner.Engine.Storage;

namespace PSRunner.Engine.Execution;

/// <summary>Makes the terminal record of a case from what is known of its last attempt. Safe from any thread.</summary>
/// <param name="schema">The columns of the batch.</param>
/// <param name="batch">The batch's id.</param>
/// <param name="runFolder">The run folder, a full path.</param>
/// <param name="session">The session's number, from 1.</param>
internal sealed class ResultFactory(ResultSchema schema, string batch, string runFolder, int session)
{
    // Bounded by the names that the executors use.
    private readonly ConcurrentDictionary<string, int> _metricPlaces = new(StringComparer.Ordinal);

    /// <summary>Makes a result.</summary>
    /// <param name="ended">The case and its last attempt.</param>
    /// <param name="cause">The cause that counts; outcome, blame and whether it is scored follow from it.</param>
    /// <param name="message">Why, in words.</param>
    /// <param name="report">What the executor said; its cause and message are not read.</param>
    public TestResult Make(EndedCase ended, string cause, string message, AttemptReport report)
    {
        var row = Causes.Find(cause);
        var metrics = Metrics(report.Metrics, out var others);
        return new TestResult
        {
            Outcome = row.Outcome,
            Cause = cause,
            FaultDomain = ended.JudgesModel ? row.ModelDomain : row.Domain,
            Scored = row.Scored,
            Score = row.Scored ? report.Score : double.NaN,
            Kind = ended.Case.Kind,
            Name = ended.Case.Name,
            DurationSeconds = ended.Seconds,
            Attempt = ended.Attempt,
            Session = session,
            StartedAt = ResultFit.Whole(ended.StartedAt),
            Message = message,
            Output = report.Output,
            ArtifactPath = report.Artifacts.Count > 0 ? RunFolder.ArtifactPath(ended.Id, session, ended.Attempt) : "",
            Batch = batch,
            RunFolder = runFolder,
            Index = ended.Index,
            Id = ended.Id,
            OtherMetrics = others,
            Schema = schema,
            ParameterValues = schema.ParametersOf(ended.Case),
            MetricValues = metrics,
        };
    }

    private double[] Metrics(IReadOnlyDictionary<string, double> reported, out string others)
    {
        others = "";
        if (schema.Metrics.Count == 0 && reported.Count == 0)
        {
            return [];
        }

        var values = new double[schema.Metrics.Count];
        Array.Fill(values, double.NaN);
        List<KeyValuePair<string, double>>? undeclared = null;
        foreach (var metric in reported)
        {
            if (_metricPlaces.GetOrAdd(metric.Key, static (n, s) => s.FindMetric(n), schema) is >= 0 and var place)
            {
                values[place] = metric.Value;
            }
            else
            {
                (undeclared ??= []).Add(metric);
            }
        }

        others = undeclared is null ? "" : ToJson(undeclared);
        return values;
    }

    private static string ToJson(List<KeyValuePair<string, double>> metrics)
    {
        using var bytes = new MemoryStream();
        using (var json = new Utf8JsonWriter(bytes))
        {
            json.WriteStartObject();
            foreach (var (name, value) in metrics)
            {
                if (double.IsFinite(value))
                {
                    json.WriteNumber(name, value);
                }
                else
                {
                    json.WriteNull(name);
                }
            }

            json.WriteEndObject();
        }

        return Encoding.UTF8.GetString(bytes.GetBuffer(), 0, (int)bytes.Length);
    }
}

/// <summary>A case and the attempt that ended it.</summary>
/// <param name="Case">The case.</param>
/// <param name="Id">Its id.</param>
/// <param name="Index">Its place in the plan.</param>
/// <param name="JudgesModel">True when it talks to a model endpoint.</param>
/// <param name="Attempt">The attempt's number.</param>
/// <param name="StartedAt">When it was dispatched, UTC.</param>
/// <param name="Seconds">From dispatch to end; NaN when that is not known.</param>
internal readonly record struct EndedCase(
    TestCase Case, string Id, int Index, bool JudgesModel, int Attempt, DateTime StartedAt, double Seconds);
