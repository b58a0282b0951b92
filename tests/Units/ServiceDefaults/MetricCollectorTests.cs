using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;
using ServiceDefaults.Prometheus;

namespace Units.ServiceDefaults;

public sealed class MetricCollectorTests : IDisposable
{
    private readonly string _name = $"Units.{Guid.NewGuid():N}";
    private readonly Meter _meter;
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();

    public MetricCollectorTests() => _meter = new Meter(_name);

    private IMeterFactory Factory => _services.GetRequiredService<IMeterFactory>();

    [Fact]
    public async Task Counters_and_up_down_counters_add_up_and_gauges_keep_the_last_value()
    {
        using var collector = await StartAsync();
        var placed = _meter.CreateCounter<long>("orders.placed", description: "Orders accepted.");
        var open = _meter.CreateUpDownCounter<int>("orders.open", "{order}");
        var temperature = _meter.CreateGauge<double>("room.temperature");

        placed.Add(2, Tag("path", "confirmed"));
        placed.Add(3, Tag("path", "confirmed"));
        placed.Add(1, Tag("path", "declined"));
        open.Add(5);
        open.Add(-2);
        temperature.Record(20.5);
        temperature.Record(-0.25);

        collector.Collect().ShouldBe("""
            # TYPE orders_open gauge
            orders_open 3
            # HELP orders_placed_total Orders accepted.
            # TYPE orders_placed_total counter
            orders_placed_total{path="confirmed"} 5
            orders_placed_total{path="declined"} 1
            # TYPE room_temperature gauge
            room_temperature -0.25

            """);
    }

    [Fact]
    public async Task A_histogram_uses_the_advised_bounds_and_counts_cumulatively()
    {
        using var collector = await StartAsync();
        var advice = new InstrumentAdvice<double> { HistogramBucketBoundaries = [0.1, 1] };
        var duration = _meter.CreateHistogram("handler.duration", "s", "Time in the handler.", null, advice);

        duration.Record(0.1, Tag("consumer", "orders"));
        duration.Record(0.5, Tag("consumer", "orders"));
        duration.Record(30, Tag("consumer", "orders"));

        collector.Collect().ShouldBe("""
            # HELP handler_duration_seconds Time in the handler.
            # TYPE handler_duration_seconds histogram
            handler_duration_seconds_bucket{consumer="orders",le="0.1"} 1
            handler_duration_seconds_bucket{consumer="orders",le="1"} 2
            handler_duration_seconds_bucket{consumer="orders",le="+Inf"} 3
            handler_duration_seconds_sum{consumer="orders"} 30.6
            handler_duration_seconds_count{consumer="orders"} 3

            """);
    }

    [Fact]
    public async Task A_histogram_in_seconds_without_advice_tells_a_millisecond_from_ten()
    {
        using var collector = await StartAsync();
        var duration = _meter.CreateHistogram<double>("relay.duration", "s");

        duration.Record(0.0009);
        duration.Record(0.009);

        var lines = collector.Collect().Split('\n');
        lines.ShouldContain("relay_duration_seconds_bucket{le=\"0.001\"} 1");
        lines.ShouldContain("relay_duration_seconds_bucket{le=\"0.01\"} 2");
        lines.ShouldContain("relay_duration_seconds_count 2");
    }

    [Fact]
    public async Task Label_values_and_help_are_escaped_and_label_names_sanitised()
    {
        using var collector = await StartAsync();
        var odd = _meter.CreateCounter<int>("odd", description: "one\\two\nthree");

        odd.Add(1, Tag("http.route", "a\"b\\c\nd"), Tag("0x", value: null), Tag("on", value: true));

        collector.Collect().ShouldBe("""
            # HELP odd_total one\\two\nthree
            # TYPE odd_total counter
            odd_total{_0x="",http_route="a\"b\\c\nd",on="true"} 1

            """);
    }

    [Fact]
    public async Task Special_numbers_are_written_as_Prometheus_reads_them()
    {
        using var collector = await StartAsync();
        var value = _meter.CreateGauge<double>("value");

        value.Record(double.PositiveInfinity, Tag("of", "a"));
        value.Record(double.NegativeInfinity, Tag("of", "b"));
        value.Record(double.NaN, Tag("of", "c"));
        value.Record(1e21, Tag("of", "d"));

        collector.Collect().ShouldBe("""
            # TYPE value gauge
            value{of="a"} +Inf
            value{of="b"} -Inf
            value{of="c"} NaN
            value{of="d"} 1E+21

            """);
    }

    [Fact]
    public async Task The_same_labels_in_another_order_or_type_are_one_series()
    {
        using var collector = await StartAsync();
        var counter = _meter.CreateCounter<long>("messages");

        counter.Add(1, Tag("a", 1), Tag("b", "x"));
        counter.Add(1, Tag("b", "x"), Tag("a", 1));
        counter.Add(1, Tag("a", "1"), Tag("b", "x"));

        collector.Collect().ShouldContain("messages_total{a=\"1\",b=\"x\"} 3\n");
    }

    [Fact]
    public async Task An_observable_series_that_is_no_longer_reported_is_gone()
    {
        using var collector = await StartAsync();
        int[] partitions = [0, 1];
        _meter.CreateObservableGauge("lag", () => partitions.Select(p => new Measurement<long>(10 + p, Tag("partition", p))));
        _meter.CreateObservableCounter("bytes", () => 7L);
        _meter.CreateObservableUpDownCounter("connections", () => 3);

        collector.Collect().ShouldContain("lag{partition=\"1\"} 11\n");
        partitions = [0];
        var second = collector.Collect();

        second.ShouldContain("lag{partition=\"0\"} 10\n");
        second.ShouldNotContain("partition=\"1\"");
        second.ShouldContain("# TYPE bytes_total counter\nbytes_total 7\n");
        second.ShouldContain("# TYPE connections gauge\nconnections 3\n");
    }

    [Fact]
    public async Task An_observable_instrument_that_throws_costs_only_itself()
    {
        using var collector = await StartAsync();
        _meter.CreateObservableGauge("broken", int () => throw new InvalidOperationException("no value"));
        _meter.CreateObservableGauge("working", () => 1);

        collector.Collect().ShouldBe("# TYPE working gauge\nworking 1\n");
    }

    [Fact]
    public async Task Label_sets_beyond_the_limit_share_one_series_and_are_counted()
    {
        using var collector = await StartAsync(seriesLimit: 3);
        var counter = _meter.CreateCounter<long>("requests");

        for (var round = 0; round < 2; round++)
        {
            for (var user = 0; user < 10; user++) counter.Add(1, Tag("user", user));
        }

        collector.Collect().ShouldBe("""
            # TYPE requests_total counter
            requests_total{otel_metric_overflow="true"} 14
            requests_total{user="0"} 2
            requests_total{user="1"} 2
            requests_total{user="2"} 2
            # HELP metrics_overflow_measurements_total Measurements that share the overflow series of their metric.
            # TYPE metrics_overflow_measurements_total counter
            metrics_overflow_measurements_total{metric="requests_total"} 14

            """);
    }

    [Fact]
    public async Task An_instrument_whose_name_is_taken_by_another_kind_is_left_out()
    {
        using var collector = await StartAsync();
        var gauge = _meter.CreateGauge<int>("depth");
        var upDown = _meter.CreateUpDownCounter<int>("depth");

        gauge.Record(4);
        upDown.Add(100);

        collector.Collect().ShouldBe("# TYPE depth gauge\ndepth 4\n");
    }

    [Fact]
    public async Task Meters_that_were_not_asked_for_or_belong_to_another_host_are_left_out()
    {
        using var collector = await StartAsync();
        await using var otherHost = new ServiceCollection().AddMetrics().BuildServiceProvider();
        using var unasked = new Meter($"{_name}Other");

        unasked.CreateCounter<int>("unasked").Add(1);
        otherHost.GetRequiredService<IMeterFactory>().Create(_name).CreateCounter<int>("foreign").Add(1);
        Factory.Create($"{_name}.Inner").CreateCounter<int>("own").Add(1);

        collector.Collect().ShouldBe("# TYPE own_total counter\nown_total 1\n");
    }

    [Fact]
    public async Task Nothing_is_lost_when_many_threads_record_and_one_collects()
    {
        using var collector = await StartAsync();
        var counter = _meter.CreateCounter<long>("hits");
        var histogram = _meter.CreateHistogram<double>("spread", "s");
        const int Threads = 4, Rounds = 20_000;

        await Parallel.ForEachAsync(Enumerable.Range(0, Threads), TestContext.Current.CancellationToken, (thread, _) =>
        {
            for (var i = 0; i < Rounds; i++)
            {
                counter.Add(1, Tag("bucket", i % 7));
                histogram.Record(0.003);
                if (thread == 0 && i % 1_000 == 0) collector.Collect().ShouldNotBeEmpty();
            }

            return ValueTask.CompletedTask;
        });

        var lines = collector.Collect().Split('\n');
        lines.Where(line => line.StartsWith("hits_total{", StringComparison.Ordinal))
            .Sum(line => long.Parse(line.Split(' ')[1])).ShouldBe(Threads * Rounds);
        lines.ShouldContain($"spread_seconds_count {Threads * Rounds}");
    }

    [Fact]
    public async Task Recording_into_a_known_series_allocates_nothing()
    {
        using var collector = await StartAsync();
        var counter = _meter.CreateCounter<long>("hot");
        var topic = Tag("topic", "orders.events");
        counter.Add(1, topic);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 1_000; i++) counter.Add(1, topic);

        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBe(0);
    }

    public void Dispose()
    {
        _meter.Dispose();
        _services.Dispose();
    }

    private static KeyValuePair<string, object?> Tag(string name, object? value) => new(name, value);

    private async Task<MetricCollector> StartAsync(int seriesLimit = MetricCollector.DefaultSeriesLimit)
    {
        var collector = new MetricCollector(Factory, NullLogger<MetricCollector>.Instance, [_name, $"{_name}.*"], seriesLimit);
        await collector.StartAsync(TestContext.Current.CancellationToken);
        return collector;
    }
}
