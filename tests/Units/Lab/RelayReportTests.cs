using System.Text.Json;
using Lab.Benching;
using Lab.Benching.Relays;
using Lab.Running;

namespace Units.Lab;

public sealed class RelayReportTests
{
    [Fact]
    public void A_row_holds_the_medians_of_its_rounds_and_the_slowest()
    {
        Measurement[] rounds = [Round(seconds: 1), Round(seconds: 4), Round(seconds: 2)];

        var row = RelayRow.Of("drain", rounds);

        row.PerSecond.ShouldBe(500);
        row.Slowest.ShouldBe(250);
        row.Microseconds.ShouldBe(10);
        row.DatabaseMicroseconds.ShouldBe(20);
    }

    [Fact]
    public void Processor_time_that_could_not_be_read_in_every_round_is_not_reported()
    {
        var row = RelayRow.Of("drain", [Round(1), Round(1) with { DatabaseSeconds = null }]);

        row.DatabaseMicroseconds.ShouldBeNull();
    }

    [Fact]
    public void Percentiles_are_of_all_rounds_together()
    {
        LatencyRound[] rounds = [new([.. Enumerable.Range(1, 50).Select(i => (double)i)], Round(1)), new([.. Enumerable.Range(51, 50).Select(i => (double)i)], Round(1))];

        var latency = RelayLatency.Of("way", RelayLatency.Idle, rounds);

        (latency.Samples, latency.P50, latency.P99, latency.Max).ShouldBe((100, 50, 99, 100));
    }

    [Fact]
    public void A_figure_is_reached_at_its_bound_and_a_time_only_below_it()
    {
        new RelayTarget("messages/s", 25_000, 25_000, IsLimit: false).Reached.ShouldBeTrue();
        new RelayTarget("messages/s", 24_999, 25_000, IsLimit: false).Reached.ShouldBeFalse();
        new RelayTarget("ms", 2, 2, IsLimit: true).Reached.ShouldBeFalse();
        new RelayTarget("ms", 1.9, 2, IsLimit: true).Reached.ShouldBeTrue();
    }

    [Fact]
    public void Two_relays_are_held_against_one_and_business_transactions_against_raw_ones()
    {
        var report = Report(
            (RelayScenario.NameOfDrain("null", "table", 1), 1),
            (RelayScenario.NameOfDrain("null", "table", 2), 2),
            (RelayScenario.RawTransaction, 1),
            (RelayScenario.OurTransactionOf("table"), 2));

        report.Targets.Select(target => (target.What, target.Value, target.Reached)).ShouldBe(
        [
            ("table: messages/s into null, 2 relays", 500, false),
            ("table: into null, 2 relays to 1", 0.5, false),
            ("table: business transaction to raw", 0.5, false),
        ]);
    }

    [Fact]
    public async Task The_JSON_says_what_was_measured_on_what_with_which_durability()
    {
        using var stream = new MemoryStream();
        await RelayReport.WriteAsync(stream, [Report((RelayScenario.RawTransaction, 1))], TestContext.Current.CancellationToken);

        using var json = JsonDocument.Parse(stream.ToArray());
        var report = json.RootElement[0];
        report.GetProperty("database").GetProperty("fsync").GetString().ShouldBe("on");
        report.GetProperty("brokerSyncs").GetBoolean().ShouldBeFalse();
        report.GetProperty("rows")[0].GetProperty("databaseMicroseconds").GetDouble().ShouldBe(20);
    }

    private static Measurement Round(double seconds) => new(1_000, seconds, 0.01, ServerSeconds: null, AllocatedBytes: 1) { DatabaseSeconds = 0.02 };

    private static RelayReport Report(params (string Scenario, double Seconds)[] rows) => new()
    {
        Broker = new BrokerDescription("NATS JetStream", "2.9.10", IsEmbedded: false),
        BrokerSyncs = false,
        Database = new Dictionary<string, string>(StringComparer.Ordinal) { ["fsync"] = "on" },
        Processors = 2,
        Messages = 1_000,
        BodyBytes = 256,
        Batch = 500,
        Rows = [.. rows.Select(row => RelayRow.Of(row.Scenario, [Round(row.Seconds)]))],
        Latencies = [],
    };
}
