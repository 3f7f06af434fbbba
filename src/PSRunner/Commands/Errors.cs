using System.Management.Automation;
using PSRunner.Export;
using PSRunner.Hosting;

namespace PSRunner.Commands;

/// <summary>Every ErrorRecord of the module is built here. Messages say what is wrong, where, and what to do, once.</summary>
internal static class Errors
{
    public const string InputIsNotATestCase = nameof(InputIsNotATestCase);
    public const string NoBatchGiven = nameof(NoBatchGiven);
    public const string BatchNotFound = nameof(BatchNotFound);
    public const string AmbiguousBatch = nameof(AmbiguousBatch);
    public const string NoSuchColumn = nameof(NoSuchColumn);
    public const string NoColumnLeft = nameof(NoColumnLeft);
    public const string UnknownFormat = nameof(UnknownFormat);
    public const string FileExists = nameof(FileExists);
    public const string FileIsReadOnly = nameof(FileIsReadOnly);
    public const string FileNotWritable = nameof(FileNotWritable);
    public const string FileNotReadable = nameof(FileNotReadable);
    public const string ResultsOnly = nameof(ResultsOnly);
    public const string PartitionNeedsParquet = nameof(PartitionNeedsParquet);
    public const string FormatCannotAppend = nameof(FormatCannotAppend);
    public const string FileIsNoDataset = nameof(FileIsNoDataset);
    public const string DatasetExists = nameof(DatasetExists);
    public const string ColumnsDiffer = nameof(ColumnsDiffer);
    public const string TooManyColumns = nameof(TooManyColumns);
    public const string TooManyPartitions = nameof(TooManyPartitions);
    public const string NoPathGiven = nameof(NoPathGiven);
    public const string NotAFileSystemPath = nameof(NotAFileSystemPath);
    public const string UnquotedPlaceholder = nameof(UnquotedPlaceholder);
    public const string SecretInEnvironment = nameof(SecretInEnvironment);
    public const string AsJobAndDetached = nameof(AsJobAndDetached);
    public const string BadResourceLimit = nameof(BadResourceLimit);
    public const string StopNotAnswered = nameof(StopNotAnswered);
    public const string BatchHasEnded = nameof(BatchHasEnded);
    public const string NothingToChange = nameof(NothingToChange);
    public const string EndpointMissing = nameof(EndpointMissing);
    public const string EndpointNotFound = nameof(EndpointNotFound);
    public const string InputNotSendable = nameof(InputNotSendable);
    public const string ScriptNotFound = nameof(ScriptNotFound);
    public const string ScriptDoesNotParse = nameof(ScriptDoesNotParse);
    public const string ScriptMissing = nameof(ScriptMissing);
    public const string NoWorkerShellFound = nameof(NoWorkerShellFound);
    public const string PwshMissing = nameof(PwshMissing);
    public const string PesterMissing = nameof(PesterMissing);
    public const string PesterFileNotFound = nameof(PesterFileNotFound);

    /// <summary>What the engine refused, as PowerShell says it.</summary>
    public static ErrorRecord From(TestBatchException error) =>
        new(error, error.ErrorId, CategoryOf(error.Kind), error.Target);

    public static TestBatchException NotATestCase(object input) => new(
        InputIsNotATestCase, ErrorKind.InvalidArgument,
        $"'{input}' ({input.GetType()}) is no test case. To run something for each object give a script block: ... | Start-TestBatch {{ ... }}. Cases come from New-WorkflowTest, New-PromptTest, New-CommandTest, New-ScriptTest and New-PesterTest, and from Get-TestResult (runs them again).", input);

    public static TestBatchException NoBatch(string command) => new(
        NoBatchGiven, ErrorKind.InvalidArgument,
        $"Which batch? Give its name, its id or its four hex digits ({command} -Name <name>), or its run folder with -Path.");

    public static TestBatchException BatchUnknown(string name, IReadOnlyList<string> newest) => new(
        BatchNotFound, ErrorKind.NotFound,
        $"There is no batch '{name}'. {(newest.Count == 0 ? "None is known here: give" : $"Newest: {string.Join(", ", newest)}. Give one of these, or")} a run folder with -Path.", name);

    public static TestBatchException NoBatchIn(string path, bool exists) => new(
        BatchNotFound, ErrorKind.NotFound,
        $"'{path}' {(exists ? "is no run folder and holds none" : "does not exist")}. Give a run folder, or the folder that holds them (-OutputPath of Start-TestBatch).", path);

    /// <param name="verb">What they have in common with the name: "runs under", "has".</param>
    /// <param name="runFolders">The run folders, newest first.</param>
    public static TestBatchException Ambiguous(string verb, IReadOnlyList<string> runFolders) => new(
        AmbiguousBatch, ErrorKind.InvalidArgument,
        $"More than one batch {verb} that name: {string.Join(", ", runFolders.Take(5).Select(Path.GetFileName))}{(runFolders.Count > 5 ? ", ..." : "")}. Give the id of the one you mean.");

    public static TestBatchException BatchEnded(TestBatch batch, string verb) => new(
        BatchHasEnded, ErrorKind.InvalidArgument,
        $"Batch '{batch.Id}' is {batch.State}: no process works on it, so it cannot be {verb}."
        + (batch.State == BatchStates.Completed ? "" : $" To go on with it: Resume-TestBatch {batch.Id}"), batch.Id);

    public static TestBatchException NothingToSet() => new(
        NothingToChange, ErrorKind.InvalidArgument, "What is to change? Give -ThrottleLimit or -RequestsPerSecond.");

    public static TestBatchException NotAColumn(string name, IEnumerable<string> known) => new(
        NoSuchColumn, ErrorKind.InvalidArgument, $"The results have no property '{name}' to group by. They have: {string.Join(", ", known)}.", name);

    public static TestBatchException NoPath() => new(
        NoPathGiven, ErrorKind.InvalidArgument, "Where to? Give the file: ... | Save-TestResults results.parquet.");

    public static TestBatchException NotAFormat(string path) => new(
        UnknownFormat, ErrorKind.InvalidArgument,
        $"The ending of '{path}' names no format. Use one of {string.Join(", ", ExportFormat.All.Select(f => f.Ending))}, or say -Format.", path);

    public static TestBatchException NotPartitioned(string path, ExportFormat format) => new(
        PartitionNeedsParquet, ErrorKind.InvalidArgument,
        $"-PartitionBy makes a folder of Parquet files, and '{path}' is to be {format.Name}. Give a folder without an ending, or leave -PartitionBy out.", path);

    public static TestBatchException NotAppendable(string path, ExportFormat format) => new(
        FormatCannotAppend, ErrorKind.InvalidArgument,
        $"Nothing can be appended to '{path}': a {format.Name} file is one whole. -Append takes {string.Join(", ", ExportFormat.All.Where(f => f.CanAppend).Select(f => f.Ending))}.", path);

    public static TestBatchException NotADataset(string path) => new(
        FileIsNoDataset, ErrorKind.InvalidArgument,
        $"'{path}' is a file, and Parquet grows by new files in a folder. Give a folder; readers take '<folder>/**/*.parquet'.", path);

    public static TestBatchException DatasetIsThere(string path) => new(
        DatasetExists, ErrorKind.InvalidArgument,
        $"The folder '{path}' is there and not empty, and a folder is never replaced. Use -Append to add to it, or give another path.", path);

    public static TestBatchException IsAFolder(string path, ExportFormat format) => new(
        FileNotWritable, ErrorKind.WriteError,
        $"'{path}' is a folder. Give a file in it ('{System.IO.Path.TrimEndingDirectorySeparator(path)}/results{format.Ending}'), or use -Append to add a Parquet file to it.", path);

    public static TestBatchException IsNoFile(string path) => new(
        FileNotWritable, ErrorKind.WriteError, $"'{path}' is a device, a pipe or a socket, and a file would take its place. Give another path.", path);

    public static TestBatchException NothingInPartitions(IEnumerable<string> columns) => new(
        NoColumnLeft, ErrorKind.InvalidArgument,
        $"-PartitionBy {string.Join(",", columns)} names all columns there are, and none is left for the files. Name fewer.", columns);

    public static TestBatchException ColumnsMissing(string path, IEnumerable<string> columns) => new(
        ColumnsDiffer, ErrorKind.InvalidData,
        $"'{path}' has no column {string.Join(", ", columns)}, and appending cannot add one. Save to another file; .jsonl takes rows of any columns.", path);

    public static TestBatchException ColumnsExceeded(string column, int limit) => new(
        TooManyColumns, ErrorKind.LimitReached,
        $"Column '{column}' is one too many: a file has at most {limit}. Save fewer properties (Select-Object), or batches apart.", column);

    public static TestBatchException NotAPartition(string name, IEnumerable<string> known) => new(
        NoSuchColumn, ErrorKind.InvalidArgument, $"There is no column '{name}' to partition by. There are: {string.Join(", ", known)}.", name);

    public static TestBatchException PartitionsExceeded(IEnumerable<string> columns, int limit) => new(
        TooManyPartitions, ErrorKind.LimitReached,
        $"Partitioning by {string.Join(", ", columns)} makes more than {limit} folders. Choose columns with fewer values.", columns);

    public static TestBatchException NoSuchFolder(string path) => new(
        FileNotWritable, ErrorKind.WriteError, $"'{path}' cannot be written: its folder does not exist. Make it first, or give another path.", path);

    public static TestBatchException FileIsThere(string path) => new(
        FileExists, ErrorKind.InvalidArgument, $"'{path}' is there already, and -NoClobber keeps it. Give another path.", path);

    public static TestBatchException ReadOnlyFile(string path) => new(
        FileIsReadOnly, ErrorKind.WriteError, $"'{path}' is read-only. Use -Force to replace it all the same.", path);

    public static TestBatchException NotWritable(string path, Exception inner) => new(
        FileNotWritable, ErrorKind.WriteError, $"'{path}' cannot be written: {inner.Message.TrimEnd('.')}. What was there is untouched. Make room there, or give another path.", path, inner);

    public static TestBatchException NotReadable(Exception inner) => new(
        FileNotReadable, ErrorKind.ReadError, $"A file of the batch cannot be read: {inner.Message}", null, inner);

    public static TestBatchException NotResults(string path, ExportFormat format) => new(
        ResultsOnly, ErrorKind.InvalidArgument,
        $"A {format.Name} report is made of test results, and another object came for '{path}'. Save other objects as {string.Join(", ", ExportFormat.All.Where(f => f.TakesAnyObject).Select(f => f.Ending))}.", path);

    public static TestBatchException NotAFileSystem(string path) => new(
        NotAFileSystemPath, ErrorKind.InvalidArgument, $"'{path}' is not in the file system. Give a folder or file of the file system.", path);

    public static TestBatchException NoAnswer(TestBatch batch, double seconds) => new(
        StopNotAnswered, ErrorKind.Busy,
        $"Batch '{batch.Id}' was asked to stop and has not ended within {DisplayText.Duration(seconds)}; process {batch.ProcessId} still works on it. Ask again with -Force.", batch.Id);

    public static TestBatchException Unquoted(string block) => new(
        UnquotedPlaceholder, ErrorKind.InvalidArgument,
        $"-ArgumentList holds the script block {{{block}}}. A placeholder is text: write it in quotes, '{{{block.Trim()}}}'.", block);

    public static TestBatchException Running(TestBatch batch) => new(
        "BatchIsRunning", ErrorKind.Busy,
        $"Batch '{batch.Id}' is worked on by process {batch.ProcessId}. Stop it there, with Stop-TestBatch {batch.Id}, or wait for its end.", batch.Id);

    public static TestBatchException AllAttemptsAndWait() => new(
        "AllAttemptsAndWait", ErrorKind.InvalidArgument,
        "-AllAttempts reads what is there and -Wait follows what comes. Give one of the two.");

    public static TestBatchException NoneRuns() => new(
        "NoBatchRuns", ErrorKind.NotFound, "No batch runs that could be watched. Get-TestBatch lists those that have ended.");

    public static TestBatchException TwoWays() => new(
        AsJobAndDetached, ErrorKind.InvalidArgument,
        "-AsJob and -Detached exclude each other: a job ends with this shell, a detached batch outlives it. Give one of the two.");

    public static TestBatchException NotALimit(string resource, object? value) => new(
        BadResourceLimit, ErrorKind.InvalidArgument, $"-ResourceLimit {resource} takes a whole number, not '{value}': @{{ {resource} = 2 }}.", value);

    public static TestBatchException SecretValue(string name) => new(
        SecretInEnvironment, ErrorKind.InvalidArgument,
        $"-Environment {name} holds a secret, and secrets are not stored. Put it into a variable of this process and pass that by name: @{{ {name} = '$env:{name}' }}.", name);

    public static TestBatchException EndpointIncomplete() => new(
        EndpointMissing, ErrorKind.InvalidArgument,
        "What is to be registered? Give a name and the base address of its API: Register-TestEndpoint gpt-4o-mini https://api.openai.com/v1 -ApiKeyVariable OPENAI_API_KEY.");

    public static TestBatchException NoEndpoint(string command) => new(
        EndpointMissing, ErrorKind.InvalidArgument, $"Which endpoint? Give its name: {command} <name>. List all with Get-TestEndpoint.");

    public static TestBatchException EndpointUnknown(string name) => new(
        EndpointNotFound, ErrorKind.NotFound,
        Endpoints.Embedded().Any(model => model.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            ? $"'{name}' is an embedded model: it needs no endpoint, and nothing of it can be checked, changed or unregistered."
            : $"There is no endpoint '{name}'. List all with Get-TestEndpoint, or add it with Register-TestEndpoint.", name);

    public static TestBatchException NothingToChangeOf(TestEndpoint endpoint) => new(
        NothingToChange, ErrorKind.InvalidArgument,
        $"What of endpoint '{endpoint.Name}' is to change? Give -Model, -RequestsPerMinute, -ApiKeyVariable or another property.", endpoint.Name);

    /// <param name="what">Names the value: <c>Input 3 ('a').callback</c>.</param>
    /// <param name="why">Goes on after its name.</param>
    /// <param name="value">The value.</param>
    public static TestBatchException NotSendable(string what, string why, object? value) => new(
        InputNotSendable, ErrorKind.InvalidArgument, $"{what} {why.TrimEnd('.')}.", value);

    public static TestBatchException NoScript(string path, Exception inner) => new(
        ScriptNotFound, ErrorKind.NotFound, $"The script '{path}' cannot be read: {inner.Message}", path, inner);

    public static TestBatchException DoesNotParse(string path, System.Management.Automation.Language.ParseError error) => new(
        ScriptDoesNotParse, ErrorKind.InvalidData,
        $"'{path}' does not parse: line {error.Extent.StartLineNumber}, column {error.Extent.StartColumnNumber}: {error.Message}", path);

    public static TestBatchException NoScriptGiven() => new(
        ScriptMissing, ErrorKind.InvalidArgument, "Which script? Give a block, New-ScriptTest { ... }, or a file with -FilePath.");

    /// <param name="variable">The variable that may name one.</param>
    public static TestBatchException NoWorkerShell(string variable) => new(
        NoWorkerShellFound, ErrorKind.NotFound,
        $"No PowerShell was found to run tests in: there is neither pwsh nor psrunner in PATH. Install one, name it with $env:{variable}, or use -Isolation Runspace.");

    public static TestBatchException NoPwsh() => new(
        PwshMissing, ErrorKind.NotFound, "Pester files run in pwsh, and there is none in PATH. Install PowerShell 7.6 or later.");

    /// <param name="folders">Where it was looked for.</param>
    public static TestBatchException NoPester(IEnumerable<string> folders) => new(
        PesterMissing, ErrorKind.NotFound,
        $"The module Pester, version 5 or later, was not found in {string.Join(", ", folders)}. Install it: Install-PSResource Pester.");

    public static TestBatchException NoPesterFile(string? path) => new(
        PesterFileNotFound, ErrorKind.NotFound,
        path is null ? "Which files? Give them with -Path: New-PesterTest tests/*.Tests.ps1, or a folder." : $"There is no Pester file (*.Tests.ps1) at '{path}'.", path);

    private static ErrorCategory CategoryOf(ErrorKind kind) => kind switch
    {
        ErrorKind.InvalidArgument => ErrorCategory.InvalidArgument,
        ErrorKind.InvalidData => ErrorCategory.InvalidData,
        ErrorKind.NotFound => ErrorCategory.ObjectNotFound,
        ErrorKind.Busy => ErrorCategory.ResourceBusy,
        ErrorKind.ReadError => ErrorCategory.ReadError,
        ErrorKind.WriteError => ErrorCategory.WriteError,
        ErrorKind.LimitReached => ErrorCategory.LimitsExceeded,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "The table of categories has no such kind."),
    };
}
