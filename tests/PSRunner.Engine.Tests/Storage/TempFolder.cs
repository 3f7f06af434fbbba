namespace PSRunner.Engine.Tests.Storage;

/// <summary>A folder of the real disk for one test.</summary>
internal sealed class TempFolder : IDisposable
{
    public string FullPath { get; } = Directory.CreateTempSubdirectory("psrunner-store-").FullName;

    public void Dispose() => Directory.Delete(FullPath, recursive: true);
}
