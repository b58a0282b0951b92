using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using ServiceDefaults.Telemetry;

namespace ServiceDefaults.Prometheus;

/// <summary>
/// Collects the meters of <see cref="TelemetryNames.Meters"/> for <c>/metrics</c>. Meters of another host's
/// <see cref="IMeterFactory"/> in the same process are left to that host.
/// </summary>
internal sealed partial class MetricCollector : IHostedService, IDisposable
{
    /// <summary>How many series one metric may have before further label sets share one.</summary>
    public const int DefaultSeriesLimit = 2_000;

    private readonly ConcurrentDictionary<string, Metric> _metrics = new(StringComparer.Ordinal);
    private readonly MeterListener _listener = new();
    private readonly Lock _collecting = new();
    private readonly IMeterFactory _ownMeters;
    private readonly string[] _meters;
    private readonly int _seriesLimit;
    private readonly ILogger<MetricCollector> _logger;

    public MetricCollector(IMeterFactory ownMeters, ILogger<MetricCollector> logger)
        : this(ownMeters, logger, TelemetryNames.Meters, DefaultSeriesLimit)
    {
    }

    internal MetricCollector(IMeterFactory ownMeters, ILogger<MetricCollector> logger, string[] meters, int seriesLimit)
    {
        (_ownMeters, _logger, _meters, _seriesLimit) = (ownMeters, logger, meters, seriesLimit);
        _listener.InstrumentPublished = Enable;
        _listener.SetMeasurementEventCallback<byte>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<short>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<int>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<long>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<float>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<double>(static (_, value, tags, metric) => Record(value, tags, metric));
        _listener.SetMeasurementEventCallback<decimal>(static (_, value, tags, metric) => Record((double)value, tags, metric));
    }

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _listener.Start();
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    /// <summary>Asks the observable instruments and writes every metric in Prometheus' text format 0.0.4.</summary>
    public string Collect()
    {
        lock (_collecting)
        {
            foreach (var metric in _metrics.Values) metric.BeginCollection();
            try
            {
                _listener.RecordObservableInstruments();
            }
            catch (AggregateException failures)
            {
                // The others have been asked all the same.
                foreach (var failure in failures.InnerExceptions) LogObservationFailed(failure);
            }

            return PrometheusText.Write(_metrics.Values);
        }
    }

    private static void Record(double value, ReadOnlySpan<KeyValuePair<string, object?>> tags, object? metric) =>
        ((Metric)metric!).Record(value, tags);

    private void Enable(Instrument instrument, MeterListener listener)
    {
        if (!TelemetryNames.Matches(_meters, instrument.Meter.Name)) return;
        if (instrument.Meter.Scope is IMeterFactory factory && !ReferenceEquals(factory, _ownMeters)) return;
        if (MetricKinds.Of(instrument) is not { } kind) return;

        var name = MetricName.Of(instrument, kind);
        var metric = _metrics.GetOrAdd(name, _ => new Metric(
            name, instrument.Description ?? "", kind, instrument.IsObservable, Bounds(instrument), _seriesLimit));
        if (metric.Kind == kind) listener.EnableMeasurementEvents(instrument, metric);
        else LogConflict(instrument.Meter.Name, instrument.Name, name);
    }

    private static double[] Bounds(Instrument instrument)
    {
        var advised = instrument switch
        {
            Histogram<double> { Advice.HistogramBucketBoundaries: { } bounds } => [.. bounds],
            Histogram<float> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            Histogram<long> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            Histogram<int> { Advice.HistogramBucketBoundaries: { } bounds } => bounds.Select(bound => (double)bound),
            _ => Metric.DefaultBounds(instrument.Unit),
        };
        return [.. advised];
    }

    [LoggerMessage(LogLevel.Warning, "An observable instrument failed; the other metrics were collected")]
    private partial void LogObservationFailed(Exception failure);

    [LoggerMessage(LogLevel.Warning, "Instrument {Instrument} of meter {Meter} is not exposed: {Metric} is taken by an instrument of another kind")]
    private partial void LogConflict(string meter, string instrument, string metric);
}
