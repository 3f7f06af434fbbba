using static PSRunner.Workflows.Tools.ToolWriting;

namespace PSRunner.Workflows.Tools;

/// <summary>The built-in tools in the middle of a workflow: they change and compute.</summary>
internal static class BuiltInWorkTools
{
    public static IReadOnlyList<ToolDefinition> All { get; } =
    [
        Tool("records_parse", "Break raw text into structured records.",
            [Must("format", "string", "csv, json, xml or log."), May("header", "boolean", "The first line names the columns.", "true")],
            "SYNTAX_ERROR UNKNOWN_FORMAT INPUT_TOO_LARGE"),
        Tool("records_clean", "Repair or drop records with missing or odd values.",
            [Must("rules", "array", "What counts as odd."), May("drop", "boolean", "Drop instead of repair.", "false")],
            "RULE_INVALID NOTHING_LEFT TIMEOUT", "records_parse"),
        Tool("records_check", "Validate records against a schema.",
            [Must("schema", "object", "What a record must look like."), May("strict", "boolean", "Refuse unknown fields.", "false")],
            "SCHEMA_INVALID RECORD_INVALID TIMEOUT", "records_parse"),
        Tool("records_select", "Keep only the records that meet a condition.",
            [Must("condition", "string", "An expression over the fields."), May("limit", "integer", "How many at most.", "1000")],
            "CONDITION_INVALID FIELD_MISSING TIMEOUT"),
        Tool("records_join", "Combine two sets of records by a common key.",
            [Must("key", "string", "The field both have."), May("kind", "string", "inner, left or full.", "\"inner\"")],
            "KEY_MISSING INPUT_TOO_LARGE TIMEOUT", "records_parse"),
        Tool("records_group", "Group records by fields and add up their values.",
            [Must("by", "array", "The fields to group by."), May("measure", "string", "sum, mean or count.", "\"sum\"")],
            "FIELD_MISSING OVERFLOW TIMEOUT", "records_clean"),
        Tool("math_evaluate", "Compute the value of a formula over the data.",
            [Must("formula", "string", "The formula."), May("digits", "integer", "Digits after the point.", "4")],
            "FORMULA_INVALID DIVISION_BY_ZERO OVERFLOW", "records_check"),
        Tool("math_describe", "Calculate mean, spread and quantiles of a column.",
            [Must("column", "string", "Which column."), May("quantiles", "array", "Which quantiles.", "[0.5,0.9]")],
            "FIELD_MISSING NOT_NUMERIC TIMEOUT", "records_clean"),
        Tool("math_forecast", "Predict the next values of a time series.",
            [Must("horizon", "integer", "How many values ahead."), May("season", "integer", "Length of a season; 0 is none.", "0")],
            "TOO_FEW_POINTS NO_CONVERGENCE TIMEOUT", "records_group"),
        Tool("math_cluster", "Sort items into groups of similar ones.",
            [Must("groups", "integer", "How many groups."), May("distance", "string", "euclid or cosine.", "\"euclid\"")],
            "TOO_FEW_POINTS NO_CONVERGENCE TIMEOUT"),
        Tool("math_optimize", "Search the best choice under given limits.",
            [Must("goal", "string", "What to make largest or smallest."), Must("limits", "array", "What must hold.")],
            "NO_SOLUTION UNBOUNDED TIMEOUT", "math_evaluate"),
        Tool("math_sample", "Draw random scenarios from a model.",
            [Must("model", "string", "The distribution."), May("count", "integer", "How many scenarios.", "1000")],
            "MODEL_INVALID OVERFLOW TIMEOUT"),
        Tool("files_convert", "Turn a document from one file format into another.",
            [Must("from_format", "string", "The format it has."), Must("to_format", "string", "The format it shall have.")],
            "UNKNOWN_FORMAT CONVERSION_FAILED TIMEOUT", "files_open"),
        Tool("services_map", "Translate fields between the models of two systems.",
            [Must("source_model", "string", "The model of the data."), Must("target_model", "string", "The model that is wanted.")],
            "FIELD_MISSING MODEL_UNKNOWN TIMEOUT"),
    ];
}
