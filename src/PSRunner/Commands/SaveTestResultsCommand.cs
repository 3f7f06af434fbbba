using System.Management.Automation;
using PSRunner.Export;

namespace PSRunner.Commands;

/// <summary>Writes results to a file: whole or not at all, at the end of the input.</summary>
[Cmdlet(VerbsData.Save, "TestResults", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[Alias("Save-TestResult")]
[OutputType(typeof(TestResult))]
public sealed class SaveTestResultsCommand : TestBatchCommand, IDisposable
{
    private readonly List<PSObject> _objects = [];
    private string _path = "";
    private string _format = "";
    private ExportFile? _file;
    private bool _hasEnded;

    /// <summary>The file to write.</summary>
    [Parameter(Position = 0, ParameterSetName = "Path", HelpMessage = "The file to write; its ending names the format.")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The same; both are taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", HelpMessage = "The file to write, taken as it is.")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = "";

    /// <summary>Results; .csv, .json and .jsonl take any object.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Results; .csv, .json and .jsonl take any object.")]
    public PSObject? InputObject { get; set; }

    /// <summary>The format, where the file's ending does not name it.</summary>
    [Parameter(HelpMessage = "The format, where the file's ending does not name it.")]
    [ValidateSet("parquet", "csv", "json", "jsonl")]
    public string? Format { get; set; }

    /// <summary>Refuses to replace a file.</summary>
    [Parameter(HelpMessage = "Do not replace a file that is there.")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Replaces a file even when it is read-only.</summary>
    [Parameter(HelpMessage = "Replace a file even when it is read-only.")]
    public SwitchParameter Force { get; set; }

    /// <summary>Hands each object on; the file appears at the end.</summary>
    [Parameter(HelpMessage = "Hand each object on; the file appears at the end.")]
    public SwitchParameter PassThru { get; set; }

    private string AsTyped => Path.Length > 0 ? Path : LiteralPath;

    /// <summary>Leaves nothing behind when the pipeline ended early.</summary>
    public void Dispose()
    {
        if (_file is null)
        {
            return;
        }

        _file.Dispose();
        _file = null;
        if (!_hasEnded && _objects.Count > 0)
        {
            // The pipeline was cut off (Select-Object -First after this command, or Ctrl+C): only the host still listens.
            Host.UI.WriteWarningLine($"The pipeline ended before its input did: nothing was saved, '{AsTyped}' was not touched. Put Select-Object -First before Save-TestResults.");
        }
    }

    // The checks come first, so that no batch runs for hours into a file that cannot be written.
    private protected override void Begin()
    {
        // Not mandatory, because PowerShell would ask for it, and asking is hanging.
        _path = AsTyped.Length > 0 ? ToFilePath(AsTyped) : throw Errors.NoPath();
        _format = Format ?? System.IO.Path.GetExtension(_path).TrimStart('.').ToLowerInvariant();
        if (Directory.Exists(_path))
        {
            throw Errors.IsAFolder(AsTyped);
        }

        if (!ExportWriter.Formats.Contains(_format))
        {
            throw Errors.NotAFormat(AsTyped, ExportWriter.Formats);
        }

        if (File.Exists(_path))
        {
            if (NoClobber)
            {
                throw Errors.FileIsThere(AsTyped);
            }

            if (!Force && File.GetAttributes(_path).HasFlag(FileAttributes.ReadOnly))
            {
                throw Errors.ReadOnlyFile(AsTyped);
            }
        }

        if (!Directory.Exists(System.IO.Path.GetDirectoryName(_path)))
        {
            throw Errors.NoSuchFolder(AsTyped);
        }

        if (ShouldProcess(AsTyped, "Save results"))
        {
            _file = Writing(() => new ExportFile(_path));
        }
    }

    private protected override void Process()
    {
        if (InputObject is null)
        {
            return;
        }

        if (_file is not null)
        {
            _objects.Add(InputObject);
        }

        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    private protected override void End()
    {
        _hasEnded = true;
        if (_file is not null && _objects.Count > 0)
        {
            Writing(() =>
            {
                ExportWriter.Write(_file.Stream, _format, _objects, AsTyped);
                _file.Commit();
                return true;
            });
        }
        else if (_file is not null)
        {
            WriteWarning($"Nothing to save: no result came through the pipeline. '{AsTyped}' was not touched.");
        }
    }

    private T Writing<T>(Func<T> write)
    {
        try
        {
            return write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw Errors.NotWritable(AsTyped, e);
        }
    }
}
