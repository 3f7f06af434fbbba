using System.Management.Automation;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>What the commands share: the engine's refusals become errors, paths become the file system's.</summary>
public abstract class TestBatchCommand : PSCmdlet
{
    /// <summary>The folder where run folders lie when nothing else is said.</summary>
    internal const string DefaultOutputPath = "./test-batches";

    /// <inheritdoc/>
    protected sealed override void BeginProcessing() => Guarded(Begin);

    /// <inheritdoc/>
    protected sealed override void ProcessRecord() => Guarded(Process);

    /// <inheritdoc/>
    protected sealed override void EndProcessing() => Guarded(End);

    /// <summary>Before the first input.</summary>
    private protected virtual void Begin()
    {
    }

    /// <summary>For each input.</summary>
    private protected virtual void Process()
    {
    }

    /// <summary>After the last input.</summary>
    private protected virtual void End()
    {
    }

    /// <summary>A path of PowerShell, which need not exist, as a full path of the file system.</summary>
    private protected string ToFilePath(string path)
    {
        var full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out var provider, out _);
        return provider.Name == "FileSystem" ? full : throw Errors.NotAFileSystem(path);
    }

    /// <summary>The existing paths that a pattern matches.</summary>
    private protected IEnumerable<string> ExpandPath(string pattern)
    {
        if (!WildcardPattern.ContainsWildcardCharacters(pattern))
        {
            return [ToFilePath(pattern)];
        }

        var full = SessionState.Path.GetResolvedProviderPathFromPSPath(pattern, out var provider);
        return provider.Name == "FileSystem" ? full : throw Errors.NotAFileSystem(pattern);
    }

    /// <summary>A full path as the user would write it: relative where it lies below the current folder.</summary>
    internal string ToShortPath(string path)
    {
        var relative = Path.GetRelativePath(SessionState.Path.CurrentFileSystemLocation.ProviderPath, path);
        return relative.StartsWith("..", StringComparison.Ordinal) ? path : relative.Replace('\\', '/');
    }

    /// <summary>Shows a line on the host: seen by default, silenced by <c>6&gt;$null</c>, and still working after Ctrl+C.</summary>
    private protected void Say(string line) =>
        ConsoleText.Try(() => WriteInformation(new HostInformationMessage { Message = line }, ["PSHOST"]));

    /// <summary>Shows lines on the host.</summary>
    internal void SayAll(IEnumerable<string> lines)
    {
        foreach (var line in lines)
        {
            Say(line);
        }
    }

    /// <summary>A parameter's value, or null when the user did not give it.</summary>
    private protected T? Given<T>(string parameter, T value)
        where T : struct => MyInvocation.BoundParameters.ContainsKey(parameter) ? value : null;

    private void Guarded(Action act)
    {
        try
        {
            act();
        }
        catch (TestBatchException e)
        {
            ThrowTerminatingError(Errors.From(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            ThrowTerminatingError(Errors.From(Errors.NotReadable(e)));
        }
    }
}
