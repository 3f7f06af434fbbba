namespace PSRunner.Export;

/// <summary>
/// A result as reports of tests want it: one row for each of its steps, where it has any. A step that was not reached ended
/// as its file did, so that a report with a file that hung is not green; a file that broke has a row of its own beside them.
/// </summary>
internal static class StepRows
{
    /// <summary>The rows of a result.</summary>
    public static IEnumerable<TestResult> Of(TestResult result)
    {
        var steps = result.GetSteps();
        if (steps.Count == 0 || !Causes.Find(result.Cause).Scored)
        {
            yield return result;
        }

        for (var i = 0; i < steps.Count; i++)
        {
            yield return RowOf(result, steps[i], i);
        }
    }

    private static TestResult RowOf(TestResult result, TestStep step, int number)
    {
        var cause = step.Outcome switch
        {
            Outcomes.Passed => Causes.None,
            Outcomes.Failed => Causes.Assertion,
            Outcomes.Skipped => Causes.NotApplicable,
            _ when result.Cause.Length > 0 => result.Cause,
            _ => Causes.NotApplicable,
        };
        var row = Causes.Find(cause);
        return new TestResult
        {
            Outcome = row.Outcome,
            Cause = cause,
            FaultDomain = row.Domain,
            Scored = row.Scored,
            Kind = result.Kind,
            Name = $"{result.Name} > {step.Name}",
            DurationSeconds = step.DurationSeconds,
            Attempt = result.Attempt,
            Session = result.Session,
            StartedAt = result.StartedAt,
            Message = step.Outcome == StepLine.NotRun ? $"not reached: {result.Message}" : step.Message,
            ArtifactPath = result.ArtifactPath,
            Batch = result.Batch,
            RunFolder = result.RunFolder,
            Index = result.Index,
            Id = $"{result.Id}-{number}",
            Schema = result.Schema,
            ParameterValues = result.ParameterValues,
            MetricValues = result.MetricValues,
        };
    }
}
