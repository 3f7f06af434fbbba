using PSRunner.Engine.Planning;

namespace PSRunner.Engine.Storage;

/// <summary>Sets aside, before recovery believes them, parts that can be read and yet are not what was written.</summary>
/// <param name="folder">The run folder.</param>
/// <param name="files">The disk.</param>
/// <param name="plan">The plan.</param>
internal sealed class PartMender(RunFolder folder, IStoreFiles files, BatchPlan plan)
{
    private const string Damaged = ".damaged";

    private readonly PartFile _parts = new(files, plan.Schema, folder.FullPath);

    /// <summary>Goes through all parts that have no journal file, which would have the word.</summary>
    public void SetDamagedAside()
    {
        var journals = files.List(folder.JournalFolder).Select(RunFolder.NumberOf).ToHashSet();
        foreach (var number in Numbers(folder.ResultsFolder).Where(number => !journals.Contains(number)))
        {
            Mend(folder.PartFile(number), number);
        }

        foreach (var path in Numbers(folder.AttemptsFolder).Select(folder.ReplacedFile).Where(path => _parts.IsWhole(path) == false))
        {
            SetAside(path);
        }
    }

    private IEnumerable<int> Numbers(string parent) => files.List(parent).Select(RunFolder.NumberOf).Where(number => number > 0);

    private void Mend(string path, int number)
    {
        if (_parts.IsWhole(path) == false)
        {
            SetAside(path);
            return;
        }

        if (_parts.TryRead(path) is not var (label, rows) || label.Batch != plan.BatchId || label.File != number)
        {
            return; // Recovery sets it aside.
        }

        TestResult[] good = [.. rows.Where(row => row.Index >= 0 && row.Index < plan.Count && plan.IdOf(row.Index) == row.Id).DistinctBy(row => row.Index)];
        if (good.Length == rows.Length && label.Complete && _parts.Verify(path) is not null)
        {
            return;
        }

        if (good.Length == 0)
        {
            SetAside(path);
            return;
        }

        // A copy, so that there is no moment at which the good rows are in no part.
        files.Replace(path + Damaged, files.TryReadAll(path));
        _parts.Write(path, good, label with { Complete = true });
    }

    private void SetAside(string path)
    {
        files.Rename(path, path + Damaged);
        files.FlushFolder(Path.GetDirectoryName(path)!);
    }
}
