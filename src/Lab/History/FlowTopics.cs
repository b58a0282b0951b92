using System.Globalization;
using Lab.Checking;
using Lab.Running;
using Messaging;

namespace Lab.History;

/// <summary>The topics of the order flow and who takes in what, known from outside: the lab shares no contract with the services.</summary>
internal static class FlowTopics
{
    public const string OrdersEvents = "orders.events";
    public const string InventoryCommands = "inventory.commands";
    public const string InventoryEvents = "inventory.events";
    public const string PaymentsCommands = "payments.commands";
    public const string PaymentsEvents = "payments.events";

    private static readonly string[] Events = [OrdersEvents, InventoryEvents, PaymentsEvents];

    /// <summary>The topics that carry the flow.</summary>
    public static IReadOnlyList<string> All { get; } = [OrdersEvents, InventoryCommands, InventoryEvents, PaymentsCommands, PaymentsEvents];

    /// <summary>The topics that tell of dead messages; nobody has to take those in, and not each exists.</summary>
    public static IReadOnlyList<string> DeadLetters { get; } = [.. All.Select(Messaging.DeadLetters.TopicOf)];

    /// <summary>The consumers of a coordination, each with the topics of which it has to take in every message.</summary>
    public static IReadOnlyDictionary<string, IReadOnlyList<string>> Consumers(string coordination) => coordination == Coordinations.Choreography
        ? new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["orders.read-model"] = Events,
            ["orders.reactions"] = [InventoryEvents, PaymentsEvents],
            ["inventory.reactions"] = [OrdersEvents, PaymentsEvents],
            ["payments.reactions"] = Events,
        }
        : new Dictionary<string, IReadOnlyList<string>>(StringComparer.Ordinal)
        {
            ["orders.read-model"] = Events,
            ["orders.fulfilment"] = Events,
            ["inventory.stock"] = [InventoryCommands],
            ["payments.payments"] = [PaymentsCommands],
        };

    /// <summary>The partitions that a consumer of the coordination has to take in and of which nobody reported how far it is behind.</summary>
    public static IReadOnlyList<UnownedPartition> Unowned(string coordination, IReadOnlyList<ConsumerLag> reported)
    {
        var owned = reported.Select(lag => (lag.Consumer, lag.Topic, lag.Partition)).ToHashSet();
        return
        [
            .. from consumer in Consumers(coordination)
               from topic in consumer.Value
               from partition in Enumerable.Range(0, TopicDefinition.DefaultPartitions)
               where !owned.Contains((consumer.Key, topic, partition.ToString(CultureInfo.InvariantCulture)))
               select new UnownedPartition(consumer.Key, topic, partition),
        ];
    }
}
