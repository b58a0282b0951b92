using Lab.Checking;
using Lab.Reading;

namespace Units.Lab;

public sealed class LagReaderTests
{
    [Fact]
    public void Finds_the_lag_of_every_partition_among_other_metrics() => LagReader.Parse("orders", """
        # HELP messaging_consumer_lag Messages published and not yet settled.
        # TYPE messaging_consumer_lag gauge
        messaging_consumer_lag{consumer="orders.saga",partition="0",topic="inventory.events"} 0
        messaging_consumer_lag{consumer="orders.saga",partition="1",topic="inventory.events"} 12
        messaging_consumer_lag_seconds{consumer="other"} 5
        messaging_consumer_lag{consumer="a\"b,c",partition="3",topic="t"} 1E+06

        """).ShouldBe([
            new ConsumerLag("orders", "orders.saga", "inventory.events", "0", 0),
            new ConsumerLag("orders", "orders.saga", "inventory.events", "1", 12),
            new ConsumerLag("orders", "a\\\"b,c", "t", "3", 1_000_000)]);

    [Fact]
    public void Finds_nothing_where_there_is_no_lag() => LagReader.Parse("orders", "# TYPE up gauge\nup 1\n").ShouldBeEmpty();
}
