using System.Diagnostics.Metrics;

namespace ServiceDefaults.Prometheus;

/// <summary>What an instrument is in the exposition. Up-down counters are gauges to Prometheus and add up here.</summary>
internal enum MetricKind
{
    Counter,
    UpDownCounter,
    Gauge,
    Histogram,
}

internal static class MetricKinds
{
    /// <summary>The kind of an instrument, or null for one this collector does not know.</summary>
    public static MetricKind? Of(Instrument instrument)
    {
        var type = instrument.GetType();
        if (!type.IsGenericType) return null;
        var definition = type.GetGenericTypeDefinition();
        if (definition == typeof(Counter<>) || definition == typeof(ObservableCounter<>)) return MetricKind.Counter;
        if (definition == typeof(UpDownCounter<>) || definition == typeof(ObservableUpDownCounter<>)) return MetricKind.UpDownCounter;
        if (definition == typeof(Gauge<>) || definition == typeof(ObservableGauge<>)) return MetricKind.Gauge;
        return definition == typeof(Histogram<>) ? MetricKind.Histogram : null;
    }
}
