namespace PSRunner.Hosting;

/// <summary>What is said to whoever looks on. A console that is closed, or a full disk behind it, must end no test.</summary>
internal static class ConsoleText
{
    /// <summary>Says it if there is a console to say it to.</summary>
    public static void Try(Action say)
    {
        try
        {
            say();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // Nobody hears it. What counts is in the run folder.
        }
    }
}
