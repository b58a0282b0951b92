using Lab.Checking;
using Lab.History;
using Lab.Running;

namespace Units.Lab;

public sealed class FlowTopicsTests
{
    private static readonly ConsumerLag[] Reported =
    [
        .. from consumer in FlowTopics.Consumers(Coordinations.Orchestration)
           from topic in consumer.Value
           from partition in new[] { "0", "1", "2", "3" }
           select new ConsumerLag("any", consumer.Key, topic, partition, 0),
    ];

    [Fact]
    public void A_partition_of_which_somebodyReported_the_lag_has_an_owner() =>
        FlowTopics.Unowned(Coordinations.Orchestration, Reported).ShouldBeEmpty();

    [Fact]
    public void A_partition_of_which_nobodyReported_the_lag_is_named() =>
        FlowTopics.Unowned(Coordinations.Orchestration, [.. Reported.Where(lag => lag is not { Consumer: "orders.read-model", Topic: FlowTopics.InventoryEvents, Partition: "2" })])
            .ShouldBe([new UnownedPartition("orders.read-model", FlowTopics.InventoryEvents, 2)]);

    [Fact]
    public void A_service_that_reports_nothing_owns_nothing() =>
        FlowTopics.Unowned(Coordinations.Choreography, []).Count.ShouldBe(4 * (3 + 2 + 2 + 3));
}
