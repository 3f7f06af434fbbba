using Parquet.Schema;

namespace PSRunner.Engine.Storage;

/// <summary>The columns of result files, in the order of the objects: parameters and metrics follow "name".</summary>
internal sealed class ResultColumns
{
    /// <param name="schema">The columns of the batch.</param>
    public ResultColumns(ResultSchema schema)
    {
        Schema = schema;
        Fields = [.. Order(schema).Select(column => ToField(column, ResultSchema.Fixed.Contains(column)))];
        Parquet = new ParquetSchema(Fields);
    }

    /// <summary>The columns of the batch.</summary>
    public ResultSchema Schema { get; }

    /// <summary>The fields in the file's order.</summary>
    public IReadOnlyList<DataField> Fields { get; }

    /// <summary>The same as Parquet.Net's schema.</summary>
    public ParquetSchema Parquet { get; }

    /// <summary>The columns in the file's order.</summary>
    public static IEnumerable<ResultColumn> Order(ResultSchema schema)
    {
        foreach (var column in ResultSchema.Fixed)
        {
            yield return column;
            if (column.Column == "name")
            {
                foreach (var own in schema.Parameters.Concat(schema.Metrics))
                {
                    yield return own;
                }
            }
        }
    }

    private static DataField ToField(ResultColumn column, bool isFixed) => column.Type switch
    {
        ColumnType.Text => new DataField<string>(column.Column),
        ColumnType.Number => new DataField<double?>(column.Column),
        ColumnType.Integer when isFixed => new DataField<long>(column.Column),
        ColumnType.Integer => new DataField<long?>(column.Column),
        ColumnType.Boolean when isFixed => new DataField<bool>(column.Column),
        ColumnType.Boolean => new DataField<bool?>(column.Column),
        ColumnType.Time => new DateTimeDataField(
            column.Column, DateTimeFormat.Timestamp, isAdjustedToUTC: true, unit: DateTimeTimeUnit.Micros, isNullable: false),
        _ => throw new ArgumentOutOfRangeException(nameof(column), column.Type, "A column has one of the five types."),
    };
}
