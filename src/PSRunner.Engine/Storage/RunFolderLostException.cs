namespace PSRunner.Engine.Storage;

/// <summary>The run folder is no longer where its owner took it. No try will bring it back, so the owner stops writing.</summary>
/// <param name="folder">Where it was.</param>
internal sealed class RunFolderLostException(string folder)
    : IOException($"The run folder '{folder}' was deleted, moved or replaced while the batch ran.");
