namespace PSRunner.Engine.Storage;

/// <summary>What has a path and is neither file nor folder: a device, a pipe, a socket. A file that takes its place destroys it.</summary>
public static class SpecialFile
{
    /// <summary>True when a path names one; false when nothing is there.</summary>
    /// <param name="path">A full path.</param>
    public static bool IsAt(string path)
    {
        try
        {
            return !OperatingSystem.IsWindows() && FileIdentity.IsSpecial(path);
        }
        catch (StoreException)
        {
            return false; // Whoever writes there hears the reason.
        }
    }
}
