using System.Collections.Concurrent;

namespace ServiceDefaults.Prometheus;

/// <summary>
/// All series of one metric name. Recording looks the series up without a lock and without allocating; above
/// the limit of label sets further ones share the series <c>otel_metric_overflow="true"</c>, so that totals
/// stay right while memory stays bounded.
/// </summary>
internal sealed class Metric
{
    private const string OverflowLabels = "otel_metric_overflow=\"true\"";

    private readonly ConcurrentDictionary<LabelSet, Series> _byTags = new(LabelSetComparer.Instance);
    private readonly ConcurrentDictionary<LabelSet, Series>.AlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>> _bySpan;
    private readonly Dictionary<string, Series> _byLabels = new(StringComparer.Ordinal);
    private readonly Lock _creating = new();
    private readonly bool _replaces;
    private readonly bool _observable;
    private readonly int _limit;
    private int _labelSets;
    private long _overflowed;

    /// <param name="name">The name in the exposition.</param>
    /// <param name="help">What the metric means; may be empty.</param>
    /// <param name="kind">The kind, which decides the type in the exposition.</param>
    /// <param name="observable">Whether the instrument is asked at each collection rather than recorded into.</param>
    /// <param name="bounds">The upper bounds of a histogram's buckets, ascending.</param>
    /// <param name="limit">The number of label sets after which further ones share a series.</param>
    public Metric(string name, string help, MetricKind kind, bool observable, double[] bounds, int limit)
    {
        (Name, Help, Kind, Bounds) = (name, help, kind, bounds);
        (_observable, _limit) = (observable, limit);
        _replaces = observable || kind is MetricKind.Gauge;
        _bySpan = _byTags.GetAlternateLookup<ReadOnlySpan<KeyValuePair<string, object?>>>();
    }

    public string Name { get; }

    public string Help { get; }

    public MetricKind Kind { get; }

    public double[] Bounds { get; }

    /// <summary>Measurements that went to the shared series because the limit was reached.</summary>
    public long Overflowed => Interlocked.Read(ref _overflowed);

    public void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        switch (_bySpan.TryGetValue(tags, out var known) ? known : Add(tags))
        {
            case HistogramSeries histogram:
                histogram.Record(value);
                break;
            case ValueSeries single when _replaces:
                single.Set(value);
                break;
            case ValueSeries single:
                single.Add(value);
                break;
        }
    }

    /// <summary>Forgets what an observable instrument said last time: it says all of it again at each collection.</summary>
    public void BeginCollection()
    {
        if (!_observable) return;
        lock (_creating)
        {
            _byTags.Clear();
            _byLabels.Clear();
            _labelSets = 0;
        }
    }

    /// <summary>The series of this moment, by their labels.</summary>
    public Series[] Snapshot()
    {
        lock (_creating) return [.. _byLabels.Values.OrderBy(series => series.Labels, StringComparer.Ordinal)];
    }

    /// <summary>Sensible bounds where the instrument advises none; the fine steps below 5 ms are where a local broker lives.</summary>
    public static double[] DefaultBounds(string? unit) => unit switch
    {
        "s" => [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30],
        _ => [0, 5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000],
    };

    private Series Add(ReadOnlySpan<KeyValuePair<string, object?>> tags)
    {
        lock (_creating)
        {
            if (_bySpan.TryGetValue(tags, out var added)) return added;
            if (_labelSets >= _limit)
            {
                // Counted per measurement: the shared series is never entered under its tags.
                Interlocked.Increment(ref _overflowed);
                return Labelled(OverflowLabels);
            }

            // The same labels may come in another order or as another type; they are one series.
            var series = Labelled(LabelSet.Render(tags));
            _bySpan[tags] = series;
            _labelSets++;
            return series;
        }
    }

    private Series Labelled(string labels)
    {
        if (!_byLabels.TryGetValue(labels, out var series))
        {
            series = Kind is MetricKind.Histogram ? new HistogramSeries(labels, Bounds) : new ValueSeries(labels);
            _byLabels.Add(labels, series);
        }

        return series;
    }
}
