using Lab.Benching;
using Lab.Benching.Nats;

namespace Units.Lab;

public sealed class NatsReportTests
{
    [Fact]
    public void A_row_holds_the_best_round_and_the_median_of_the_others()
    {
        var row = NatsRow.Of("request-reply", 256, [Round(seconds: 1, client: 0.2), Round(seconds: 2, client: 0.4), Round(seconds: 4, client: 0.3)]);

        row.BestPerSecond.ShouldBe(1000);
        row.MedianPerSecond.ShouldBe(500);
        row.ClientMicroseconds.ShouldBe(300);
        row.ServerMicroseconds.ShouldBe(100);
        row.AllocatedBytes.ShouldBe(7);
        row.Ratio.ShouldBeNull();
    }

    [Fact]
    public void The_official_client_is_compared_by_what_the_same_server_costs_beside_it()
    {
        // The official client took 11 µs beside a server at 13; a machine three times as fast halves neither side alone.
        var row = NatsRow.Of("publish, window 500", 256, [Round(seconds: 1, client: 0.011 / 3, server: 0.013 / 3)]);

        row.Ratio.ShouldNotBeNull().ShouldBe(1, tolerance: 0.01);
    }

    [Fact]
    public void A_server_whose_processor_time_is_unknown_leaves_no_ratio()
    {
        var row = NatsRow.Of("publish, window 500", 256, [Round(seconds: 1, client: 0.01) with { ServerSeconds = null }]);

        row.ServerMicroseconds.ShouldBeNull();
        row.Ratio.ShouldBeNull();
    }

    [Theory]
    [InlineData("nats --messages 0", "--messages takes a number from 1 to 1,000,000, not '0'.")]
    [InlineData("nats --rounds many", "--rounds takes a number from 1 to 100, not 'many'.")]
    [InlineData("nats --json /nowhere/report.json", "--json takes a file in a directory that exists, not '/nowhere/report.json'.")]
    [InlineData("kafka", "Unrecognized command or argument 'kafka'.")]
    public void A_bad_option_is_refused_before_anything_starts(string arguments, string message) =>
        BenchCommand.Create().Parse(arguments).Errors[^1].Message.ShouldBe(message);

    private static Measurement Round(double seconds, double client, double server = 0.1) => new(1000, seconds, client, server, 7000);
}
