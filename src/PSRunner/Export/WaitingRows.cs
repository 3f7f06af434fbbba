using System.Management.Automation;
using PSRunner.Engine.Storage;

namespace PSRunner.Export;

/// <summary>
/// What came to be saved, until the last has come. Results of the same columns on their way to one Parquet file are encoded
/// meanwhile; all else waits as rows, and so do these from the moment when something else comes.
/// </summary>
internal sealed class WaitingRows : IDisposable
{
    private readonly ExportRequest _request;
    private readonly RowSpool _spool;
    private readonly RowMaker _maker;
    private FileStream? _draftFile;
    private ParquetDraft? _draft;

    /// <param name="request">Where it goes.</param>
    /// <exception cref="IOException">The folder is missing or cannot be written.</exception>
    public WaitingRows(ExportRequest request)
    {
        _request = request;
        _spool = new RowSpool(request.Workplace);
        _maker = new RowMaker(_spool, request.IsReport);
        if (request.IsOneParquetFile)
        {
            _draftFile = NamelessFile.Create(request.Workplace);
            _draft = new ParquetDraft(_draftFile);
        }
    }

    /// <summary>Rows so far.</summary>
    public long Count => _draft?.Count ?? _spool.Count;

    /// <summary>Adds an object.</summary>
    /// <exception cref="TestBatchException">It cannot be saved so.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Add(PSObject item)
    {
        _request.CheckObject(item.BaseObject);
        if (_draft is not null)
        {
            if (item.BaseObject is TestResult result && _draft.TryAdd(result))
            {
                return;
            }

            LeaveDraft();
        }

        _maker.Add(item);
        if (_spool.Count == 1)
        {
            _request.CheckColumns(_spool.ToTable());
        }
    }

    /// <summary>Writes it where it goes; then it is all there, or nothing of it.</summary>
    /// <exception cref="TestBatchException">A column does not fit.</exception>
    /// <exception cref="IOException">The disk refused.</exception>
    public void Save()
    {
        if (_draft is not null)
        {
            _request.Write(_draft);
        }
        else
        {
            _request.Write(_spool.ToTable(), _maker.OnlyResults);
        }
    }

    public void Dispose()
    {
        DropDraft();
        _spool.Dispose();
    }

    private void LeaveDraft()
    {
        if (_draft!.Count > 0)
        {
            foreach (var result in _draft.TakeBack())
            {
                _maker.Add(PSObject.AsPSObject(result));
            }
        }

        DropDraft();
    }

    private void DropDraft()
    {
        if (_draft is not null)
        {
            _draft.Dispose();
            NamelessFile.Drop(_draftFile!);
            (_draft, _draftFile) = (null, null);
        }
    }
}
