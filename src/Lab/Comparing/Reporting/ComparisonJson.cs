using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>Writes a comparison as JSON: everything that was measured, under the names of the data.</summary>
internal static class ComparisonJson
{
    // A figure that could not be calculated must not cost the others.
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        NumberHandling = JsonNumberHandling.AllowReadingFromString | JsonNumberHandling.AllowNamedFloatingPointLiterals,
    };

    /// <summary>Writes it.</summary>
    public static Task WriteAsync(Stream stream, Comparison comparison, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, comparison, Format, cancellationToken);
}
