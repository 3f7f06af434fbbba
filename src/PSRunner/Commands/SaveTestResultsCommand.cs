using System.Management.Automation;
using PSRunner.Export;

namespace PSRunner.Commands;

/// <summary>Writes results to a file: whole or not at all, at the end of the input. Until then they wait on disk, not in memory.</summary>
[Cmdlet(VerbsData.Save, "TestResults", SupportsShouldProcess = true, DefaultParameterSetName = "Path")]
[Alias("Save-TestResult")]
[OutputType(typeof(TestResult))]
public sealed class SaveTestResultsCommand : TestBatchCommand, IDisposable
{
    private WaitingRows? _rows;
    private bool _hasEnded;

    /// <summary>The file to write.</summary>
    [Parameter(Position = 0, ParameterSetName = "Path", HelpMessage = "The file to write; its ending names the format. With -PartitionBy, and for Parquet with -Append: the folder.")]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>The same; both are taken as they are.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LiteralPath", HelpMessage = "The file to write, taken as it is.")]
    [ValidateNotNullOrEmpty]
    public string LiteralPath { get; set; } = "";

    /// <summary>Results; all but .xml and .ctrf.json take any object.</summary>
    [Parameter(ValueFromPipeline = true, HelpMessage = "Results; all but .xml and .ctrf.json take any object.")]
    public PSObject? InputObject { get; set; }

    /// <summary>The format, where the file's ending does not name it.</summary>
    [Parameter(HelpMessage = "The format, where the file's ending does not name it.")]
    [ValidateSet(ExportFormat.Parquet, ExportFormat.JsonLines, ExportFormat.Json, ExportFormat.Csv, ExportFormat.JUnit, ExportFormat.Ctrf, ExportFormat.Markdown)]
    public string? Format { get; set; }

    /// <summary>Adds to what is there: lines to .csv and .jsonl, a new file to a folder of Parquet files.</summary>
    [Parameter(HelpMessage = "Add to what is there: lines to .csv and .jsonl, a new file to a folder of Parquet files.")]
    public SwitchParameter Append { get; set; }

    /// <summary>Columns by whose values Parquet files are laid into folders (model=.../prompt_type=...).</summary>
    [Parameter(HelpMessage = "Columns by whose values Parquet files are laid into folders (model=.../prompt_type=...).")]
    [ValidateNotNullOrEmpty]
    public string[] PartitionBy { get; set; } = [];

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
        if (_rows is null)
        {
            return;
        }

        var wasCutOff = !_hasEnded && _rows.Count > 0;
        _rows.Dispose();
        _rows = null;
        if (wasCutOff)
        {
            // Select-Object -First after this command, or Ctrl+C: only the host still listens.
            Host.UI.WriteWarningLine($"The pipeline ended before its input did: nothing was saved, '{AsTyped}' was not touched. Save what is there with Get-TestResult | Save-TestResults; Select-Object -First belongs before it.");
        }
    }

    // The checks come first, so that no batch runs for hours into a file that cannot be written.
    private protected override void Begin()
    {
        // Not mandatory, because PowerShell would ask for it, and asking is hanging.
        var request = new ExportRequest(AsTyped.Length > 0 ? ToFilePath(AsTyped) : throw Errors.NoPath(), AsTyped, Format, Append, PartitionBy);
        request.CheckOldFile(NoClobber, Force);
        if (ShouldProcess(AsTyped, "Save results"))
        {
            Writing(() => _rows = new WaitingRows(request));
        }
    }

    private protected override void Process()
    {
        if (InputObject is null)
        {
            return;
        }

        if (_rows is not null)
        {
            Writing(() => _rows.Add(InputObject));
        }

        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    private protected override void End()
    {
        _hasEnded = true;
        if (_rows is { Count: > 0 })
        {
            Writing(_rows.Save);
        }
        else if (_rows is not null)
        {
            WriteWarning($"Nothing to save: no result came through the pipeline. '{AsTyped}' was not touched.");
        }
    }

    private void Writing(Action write)
    {
        try
        {
            write();
        }
        catch (TestBatchException)
        {
            _hasEnded = true;
            throw;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            _hasEnded = true;
            throw Errors.NotWritable(AsTyped, e);
        }
    }
}
