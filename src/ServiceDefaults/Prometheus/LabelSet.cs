using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using System.Text;

namespace ServiceDefaults.Prometheus;

/// <summary>
/// The tags of a measurement as a dictionary key. Look-ups by the caller's span allocate nothing
/// (<see cref="IAlternateEqualityComparer{TAlternate, T}"/>); only a new series copies its tags.
/// </summary>
internal sealed class LabelSet(KeyValuePair<string, object?>[] tags)
{
    public ReadOnlySpan<KeyValuePair<string, object?>> Tags => tags;

    /// <summary>The labels as the exposition writes them, by name: <c>a="1",b="x"</c>.</summary>
    public static string Render(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        var sorted = new SortedDictionary<string, string>(StringComparer.Ordinal);
        foreach (var (name, value) in tags)
        {
            var label = MetricName.Sanitize(name);
            var text = Text(value);
            // Two names that become one share a label, joined as OpenTelemetry's mapping has it.
            sorted[label] = sorted.TryGetValue(label, out var present) ? $"{present};{text}" : text;
        }

        var labels = new StringBuilder();
        foreach (var (name, value) in sorted)
        {
            if (labels.Length > 0) labels.Append(',');
            labels.Append(name).Append("=\"").Append(Escape(value)).Append('"');
        }

        return labels.ToString();
    }

    private static string Text(object? value) => value switch
    {
        null => "",
        bool flag => flag ? "true" : "false",
        IFormattable formattable => formattable.ToString(null, CultureInfo.InvariantCulture),
        _ => value.ToString() ?? "",
    };

    private static string Escape(string value) => value
        .Replace("\\", "\\\\", StringComparison.Ordinal)
        .Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}

/// <summary>Compares tags in the order in which they were given.</summary>
internal sealed class LabelSetComparer
    : IEqualityComparer<LabelSet>, IAlternateEqualityComparer<ReadOnlySpan<KeyValuePair<string, object?>>, LabelSet>
{
    public static readonly LabelSetComparer Instance = new();

    public LabelSet Create(ReadOnlySpan<KeyValuePair<string, object?>> alternate) => new(alternate.ToArray());

    public bool Equals(ReadOnlySpan<KeyValuePair<string, object?>> alternate, LabelSet other)
    {
        var tags = other.Tags;
        if (alternate.Length != tags.Length) return false;
        for (var i = 0; i < tags.Length; i++)
        {
            if (!string.Equals(alternate[i].Key, tags[i].Key, StringComparison.Ordinal) || !Equals(alternate[i].Value, tags[i].Value)) return false;
        }

        return true;
    }

    public int GetHashCode(ReadOnlySpan<KeyValuePair<string, object?>> alternate)
    {
        var hash = default(HashCode);
        foreach (var (name, value) in alternate)
        {
            hash.Add(name.Length);
            hash.Add(value);
        }

        return hash.ToHashCode();
    }

    public bool Equals(LabelSet? x, LabelSet? y) => ReferenceEquals(x, y) || (x is not null && y is not null && Equals(x.Tags, y));

    public int GetHashCode([DisallowNull] LabelSet obj) => GetHashCode(obj.Tags);
}
