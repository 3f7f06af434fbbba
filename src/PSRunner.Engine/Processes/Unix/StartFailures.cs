using System.ComponentModel;

namespace PSRunner.Engine.Processes.Unix;

/// <summary>Turns an errno of posix_spawn, which does not say what step it came from, into a reason a user can act on.</summary>
internal static class StartFailures
{
    /// <summary>Refuses what cannot be passed to a program: the system's strings end at a zero byte.</summary>
    public static void RejectZeroBytes(ProcessTreeOptions options, IReadOnlyDictionary<string, string> environment)
    {
        if (options.Arguments.Any(a => a.Contains('\0')) || environment.Any(v => v.Key.Contains('\0') || v.Value.Contains('\0')))
        {
            throw new ProcessStartException(
                ProcessStartFailure.System, $"An argument or variable of '{options.Program}' holds a zero byte, which no program can receive. Put it into a file or the standard input.");
        }
    }

    /// <summary>The reason.</summary>
    public static ProcessStartException Explain(int error, string program, ProcessTreeOptions options)
    {
        if (!Directory.Exists(options.WorkingDirectory))
        {
            return new(ProcessStartFailure.NoFolder, $"The working directory '{options.WorkingDirectory}' does not exist.");
        }

        foreach (var path in new[] { options.StandardOutputPath, options.StandardErrorPath })
        {
            if (!Directory.Exists(Path.GetDirectoryName(path)))
            {
                return new(ProcessStartFailure.NoFolder, $"The folder for the output file '{path}' does not exist.");
            }
        }

        return error switch
        {
            Libc.ENOENT => new(ProcessStartFailure.NoSuchProgram, $"'{program}' is there, but the interpreter or loader that it names is not."),
            Libc.ENOEXEC => new(ProcessStartFailure.NotExecutable, $"'{program}' is no program of this system. A script needs a first line like '#!/bin/sh'."),
            Libc.EACCES or Libc.EPERM => new(ProcessStartFailure.NoPermission, $"The system forbids running '{program}' in '{options.WorkingDirectory}' with these output files: {Text(error)}."),
            Libc.E2BIG => new(ProcessStartFailure.System, $"The arguments and variables of '{program}' are too long for this system. Put them into a file or the standard input."),
            _ => new(ProcessStartFailure.System, $"'{program}' could not be started: {Text(error)}."),
        };
    }

    private static string Text(int error) => new Win32Exception(error).Message;
}
