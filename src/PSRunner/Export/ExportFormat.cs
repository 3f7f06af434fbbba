namespace PSRunner.Export;

/// <summary>A format of files: what it is called, what its files end in, what it can take.</summary>
/// <param name="Name">The word of -Format.</param>
/// <param name="Ending">What names of such files end in.</param>
/// <param name="CanAppend">True when rows can be added to what is there.</param>
/// <param name="TakesAnyObject">False for reports, which are made of test results only.</param>
internal sealed record ExportFormat(string Name, string Ending, bool CanAppend, bool TakesAnyObject)
{
    public const string Parquet = "parquet";
    public const string JsonLines = "jsonl";
    public const string Json = "json";
    public const string Csv = "csv";
    public const string JUnit = "junit";
    public const string Ctrf = "ctrf";
    public const string Markdown = "md";

    /// <summary>All formats; an ending that ends in another one stands before it.</summary>
    public static IReadOnlyList<ExportFormat> All { get; } =
    [
        new(Parquet, ".parquet", CanAppend: true, TakesAnyObject: true),
        new(JsonLines, ".jsonl", CanAppend: true, TakesAnyObject: true),
        new(Ctrf, ".ctrf.json", CanAppend: false, TakesAnyObject: false),
        new(Json, ".json", CanAppend: false, TakesAnyObject: true),
        new(Csv, ".csv", CanAppend: true, TakesAnyObject: true),
        new(JUnit, ".xml", CanAppend: false, TakesAnyObject: false),
        new(Markdown, ".md", CanAppend: false, TakesAnyObject: true),
    ];

    /// <summary>The format of that word; null when there is none.</summary>
    public static ExportFormat? Named(string name) => All.FirstOrDefault(f => f.Name.Equals(name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The format that a file's ending names; null when it names none.</summary>
    public static ExportFormat? OfFile(string path) => All.FirstOrDefault(f => path.EndsWith(f.Ending, StringComparison.OrdinalIgnoreCase));
}
