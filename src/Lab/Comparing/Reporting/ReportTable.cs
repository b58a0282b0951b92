namespace Lab.Comparing.Reporting;

/// <summary>A table of figures, before it is known where it will be shown: on the page, as Markdown or on the console.</summary>
/// <param name="Name">What it tells.</param>
/// <param name="Columns">Its columns.</param>
/// <param name="Rows">Its rows, a cell for each column.</param>
internal sealed record ReportTable(string Name, IReadOnlyList<ReportColumn> Columns, IReadOnlyList<ReportRow> Rows)
{
    /// <summary>What must be known to read it; null when it explains itself.</summary>
    public string? Note { get; init; }

    /// <summary>Whether there is nothing in it.</summary>
    public bool IsEmpty => Rows.Count == 0;

    /// <summary>Where figures begin, behind the columns that only name them.</summary>
    public int FirstFigure => Math.Max(0, Columns.TakeWhile(column => !column.IsNumber).Count());
}

/// <summary>A column of a table.</summary>
/// <param name="Name">Its header, its unit included.</param>
/// <param name="IsNumber">Whether it holds figures.</param>
/// <param name="IsEmbedded">Whether its figures are those of an embedded broker.</param>
internal sealed record ReportColumn(string Name, bool IsNumber = true, bool IsEmbedded = false)
{
    /// <summary>A column that names what the figures are of.</summary>
    public static ReportColumn Text(string name, bool isEmbedded = false) => new(name, IsNumber: false, isEmbedded);
}

/// <summary>A row of a table.</summary>
/// <param name="Cells">A cell for each column; those behind a reason are left out.</param>
internal sealed record ReportRow(params IReadOnlyList<string> Cells)
{
    /// <summary>Whether its figures are those of an embedded broker.</summary>
    public bool IsEmbedded { get; init; }

    /// <summary>Why there are no figures; it stands where they would.</summary>
    public string? Instead { get; init; }

    /// <summary>Which colour of the chart above is this row's; null when there is none.</summary>
    public int? Colour { get; init; }
}
