using System.Diagnostics.Metrics;
using ServiceDefaults.Prometheus;

namespace Units.ServiceDefaults;

public sealed class MetricNameTests : IDisposable
{
    private readonly Meter _meter = new("Units.MetricName");

    [Theory]
    [InlineData("orders.placed", null, "orders_placed_total")]
    [InlineData("orders.placed.total", null, "orders_placed_total")]
    [InlineData("bytes.sent", "By", "bytes_sent_bytes_total")]
    [InlineData("cpu.time", "s", "cpu_time_seconds_total")]
    [InlineData("2nd-try", "{attempt}", "_2nd_try_total")]
    [InlineData("a..b", "1", "a_b_total")]
    [InlineData("größe", null, "gr_e_total")]
    public void A_counter_ends_in_total_after_its_unit(string name, string? unit, string expected) =>
        MetricName.Of(_meter.CreateCounter<long>(name, unit), MetricKind.Counter).ShouldBe(expected);

    [Theory]
    [InlineData("messaging.consumer.lag", "{message}", "messaging_consumer_lag")]
    [InlineData("cache.hits", "1", "cache_hits_ratio")]
    [InlineData("process.memory", "By", "process_memory_bytes")]
    [InlineData("memory.bytes", "By", "memory_bytes")]
    [InlineData("disk.io", "By/s", "disk_io_bytes_per_second")]
    [InlineData("relay.rate", "{message}/s", "relay_rate_per_second")]
    [InlineData("delay", "ms", "delay_milliseconds")]
    public void A_gauge_ends_in_its_unit(string name, string unit, string expected) =>
        MetricName.Of(_meter.CreateGauge<double>(name, unit), MetricKind.Gauge).ShouldBe(expected);

    [Theory]
    [InlineData("http.server.request.duration", "s", "http_server_request_duration_seconds")]
    [InlineData("batch.size", "{message}", "batch_size")]
    public void A_histogram_ends_in_its_unit(string name, string unit, string expected) =>
        MetricName.Of(_meter.CreateHistogram<double>(name, unit), MetricKind.Histogram).ShouldBe(expected);

    public void Dispose() => _meter.Dispose();
}
