using Lab.Demo;
using Lab.Faults;

namespace Lab.History;

/// <summary>The history of a run, once it is over.</summary>
internal sealed class HistoryBook
{
    private readonly Explaining _explaining;

    public HistoryBook(Evidence evidence)
    {
        Entries = [.. EntriesOf(evidence).OrderBy(entry => entry.At)];
        Account = Accounting.Of(evidence);
        _explaining = new Explaining(evidence, Entries, Account);
    }

    /// <summary>Everything that happened, by time.</summary>
    public IReadOnlyList<HistoryEntry> Entries { get; }

    /// <summary>What became of the messages.</summary>
    public MessageAccount Account { get; }

    /// <summary>Tells of what is broken what happened to it.</summary>
    /// <param name="broken">The invariants; those that hold are passed over.</param>
    /// <param name="faults">What struck.</param>
    /// <param name="most">How many violations to explain at most: of each subject the first, from each invariant in turn.</param>
    public IReadOnlyList<Explanation> Explain(IReadOnlyList<InvariantResult> broken, IReadOnlyList<StruckFault> faults, int most) =>
        _explaining.Explain(broken, faults, most);

    private static IEnumerable<HistoryEntry> EntriesOf(Evidence evidence)
    {
        var published = evidence.Published.DistinctBy(message => message.MessageId, StringComparer.Ordinal)
            .ToDictionary(message => message.MessageId!, StringComparer.Ordinal);
        return evidence.Published
            .Concat(evidence.Accepted.Select(order => new HistoryEntry(order.At, HistoryKind.Accepted, Text(order.OrderId), "api", "order accepted")))
            .Concat(evidence.Cancelling.Select(order => new HistoryEntry(order.At, HistoryKind.Cancelling, Text(order.OrderId), "api", "cancellation accepted")))
            .Concat(evidence.Inboxes.Select(row => Delivered(row, published.GetValueOrDefault(row.MessageId))))
            .Concat(evidence.Parked.Select(row => new HistoryEntry(row.At, HistoryKind.Parked, row.Key, row.Consumer, $"{row.Type ?? "unreadable"} {row.State}: {row.Cause}")
            {
                MessageId = row.MessageId,
            }))
            .Concat(evidence.Movements.Select(movement => new HistoryEntry(
                movement.At, HistoryKind.Effect, Text(movement.OrderId), "inventory", $"{movement.Kind} {movement.Quantity} {movement.Sku}")))
            .Concat(evidence.Timelines.Select(told => new HistoryEntry(told.Entry.At, HistoryKind.Effect, Text(told.OrderId), "orders", told.Entry.What)))
            .Concat(evidence.Ledger.Select(entry => new HistoryEntry(
                entry.At, HistoryKind.Ledger, Text(entry.Reference), "payment-provider", $"{entry.Kind} {entry.Amount} {entry.Currency}")));
    }

    // The inbox knows an id and no more.
    private static HistoryEntry Delivered(InboxRow row, HistoryEntry? message) =>
        new(row.At, HistoryKind.Delivered, message?.Key, row.Consumer, message?.What ?? "a message that is not in the broker")
        {
            MessageId = row.MessageId,
            Partition = message?.Partition,
            Position = message?.Position,
        };

    private static string Text(Guid orderId) => orderId.ToString();

    private static string Text(string reference) => Guid.TryParse(reference, out var orderId) ? Text(orderId) : reference;
}
