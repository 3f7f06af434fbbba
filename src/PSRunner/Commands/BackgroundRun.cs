using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>How a batch runs that its command does not wait for.</summary>
internal static class BackgroundRun
{
    /// <summary>Refuses to be asked for both.</summary>
    public static void Check(bool asJob, bool detached)
    {
        if (asJob && detached)
        {
            throw Errors.TwoWays();
        }
    }

    /// <summary>Makes a job of a session and starts it.</summary>
    public static TestBatchJob AsJob(PSCmdlet command, UnattendedRun run)
    {
        var job = new TestBatchJob(run, command.MyInvocation.Line.Trim());
        job.Begin();
        command.JobRepository.Add(job);
        return job;
    }

    /// <summary>Starts a batch in a process of its own.</summary>
    /// <param name="runFolder">The batch, whose plan is frozen.</param>
    /// <param name="changes">What its session does differently.</param>
    /// <param name="canceled">Signaled when the caller waits no more.</param>
    public static TestBatch Detached(string runFolder, ResumeOptions changes, WaitHandle canceled)
    {
        DetachedBatch.Start(runFolder, changes, canceled);
        return Batches.Read(runFolder);
    }
}
