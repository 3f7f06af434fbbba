namespace PSRunner.Engine.Storage;

/// <summary>
/// Every operation of the store on files, so that each can be made to fail. All throw <see cref="IOException"/> (the real
/// disk: <see cref="StoreException"/>) and nothing else when the machine refuses. Paths are full paths.
/// </summary>
internal interface IStoreFiles
{
    /// <summary>Makes a folder and the missing ones above it; nothing happens when it is there.</summary>
    void CreateFolder(string path);

    /// <summary>Creates a file, which must not exist, to be written from its start to its end.</summary>
    IAppendFile Create(string path);

    /// <summary>Opens a file to be read at any place, while others may write it.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    Stream OpenRead(string path);

    /// <summary>Opens a file to be read by many threads at once, while another file may take its name.</summary>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    IReadFile Open(string path);

    /// <summary>Forces what others wrote into a file to the device.</summary>
    void FlushFile(string path);

    /// <summary>Forces the names in a folder to the device: files created, renamed, deleted.</summary>
    void FlushFolder(string path);

    /// <summary>Gives a file another name in the same folder, atomically; a file of that name is replaced.</summary>
    void Rename(string path, string newPath);

    /// <summary>Deletes a file; nothing happens when there is none.</summary>
    void Delete(string path);

    /// <summary>The names, not the paths, of the files in a folder, in ordinal order; none when there is no folder.</summary>
    IReadOnlyList<string> List(string folder);
}

/// <summary>A file that is read at any place, by any thread.</summary>
internal interface IReadFile : IDisposable
{
    /// <summary>Reads some bytes at a place; none at the end of the file.</summary>
    int Read(Span<byte> bytes, long place);
}

/// <summary>A file that is being written, by one thread.</summary>
internal interface IAppendFile : IDisposable
{
    /// <summary>Bytes written so far.</summary>
    long Length { get; }

    /// <summary>Writes all bytes at the end.</summary>
    void Write(ReadOnlySpan<byte> bytes);

    /// <summary>
    /// Forces the file to the device and believes no success that a second question does not confirm (RUNFOLDER.md,
    /// "What flushed means").
    /// </summary>
    void Flush();
}
