using Lab.Checking;
using Lab.Demo;
using Lab.Faults;

namespace Lab.History;

/// <summary>Finds what happened to the subject of a violation.</summary>
internal sealed class Explaining(Evidence evidence, IReadOnlyList<HistoryEntry> entries, MessageAccount account)
{
    // A subject that is not one order has many entries that do not help.
    private const int MostEntries = 60;

    // What a fault did may show a little later: a connection that times out, a message in a retry's pause.
    private static readonly TimeSpan Shortly = TimeSpan.FromSeconds(2);

    private readonly Lazy<ILookup<string, HistoryEntry>> _byKey = new(() =>
        entries.Where(entry => entry.Key is not null).ToLookup(entry => entry.Key!, StringComparer.OrdinalIgnoreCase));

    public IReadOnlyList<Explanation> Explain(IReadOnlyList<InvariantResult> broken, IReadOnlyList<StruckFault> faults, int most) =>
    [
        .. broken
            .SelectMany(invariant => invariant.Violations.DistinctBy(violation => violation.Subject, StringComparer.Ordinal)
                .Select((violation, turn) => (invariant.Number, Violation: violation, Turn: turn)))
            .OrderBy(each => each.Turn).ThenBy(each => each.Number)
            .Take(most)
            .OrderBy(each => each.Number).ThenBy(each => each.Turn)
            .Select(each => Explain(each.Number, each.Violation, faults)),
    ];

    private Explanation Explain(int invariant, Violation violation, IReadOnlyList<StruckFault> faults)
    {
        HistoryEntry[] story = [.. Story(violation.Subject).OrderBy(entry => entry.At)];
        StruckFault[] suspects = story.Length == 0
            ? []
            : [.. faults.Where(fault => fault.Failure is null && fault.Began <= story[^1].At && fault.Healed >= story[0].At - Shortly)];
        return new Explanation(invariant, violation.Subject, violation.Seen, [.. story, .. AtTheEnd(violation.Subject, story)], suspects);
    }

    private IEnumerable<HistoryEntry> Story(string subject)
    {
        var (kind, name) = subject.LastIndexOf(' ') is > 0 and var space ? (subject[..space], subject[(space + 1)..]) : ("", subject);
        return kind switch
        {
            "order" or "payment" => _byKey.Value[name],
            "message" => OfMessage(name),
            "sku" => OfSku(name),
            "consumer" => OfConsumer(name),
            "outbox of" or "" => OfService(name),
            _ => [],
        };
    }

    private IEnumerable<HistoryEntry> OfMessage(string id)
    {
        HistoryEntry[] own = [.. entries.Where(entry => entry.MessageId == id)];
        var key = own.FirstOrDefault(entry => entry.Key is not null)?.Key;
        return key is null ? own : _byKey.Value[key].Union(own);
    }

    /// <summary>The orders whose stock did not come to rest as it must: reserved once, then released or committed once.</summary>
    private IEnumerable<HistoryEntry> OfSku(string sku)
    {
        var states = evidence.Orders.DistinctBy(order => order.OrderId).ToDictionary(order => order.OrderId, order => order.State);
        return evidence.Movements.Where(movement => movement.Sku == sku).GroupBy(movement => movement.OrderId)
            .Where(moved => !IsAsItMustBe([.. moved.OrderBy(movement => movement.MovementId)], states.GetValueOrDefault(moved.Key)))
            .SelectMany(moved => _byKey.Value[moved.Key.ToString()])
            .Take(MostEntries);
    }

    private static bool IsAsItMustBe(StockMovement[] moved, string? state) =>
        moved is [{ Kind: MovementKinds.Reserved }, var last] && last.Quantity == moved[0].Quantity
        && last.Kind == (state == OrderStates.Confirmed ? MovementKinds.Committed : MovementKinds.Released);

    /// <summary>What it never took in, and what it took in last.</summary>
    private IEnumerable<HistoryEntry> OfConsumer(string consumer) =>
        account.Lost.Where(lost => lost.Consumer == consumer).Select(lost => lost.Message).Take(MostEntries / 2)
            .Concat(entries.Where(entry => entry.Kind == HistoryKind.Delivered && entry.Where == consumer).TakeLast(MostEntries / 2));

    /// <summary>Orders that were never told of, for the service that should have; and what the service took in or did last.</summary>
    private IEnumerable<HistoryEntry> OfService(string service) =>
        (service == "orders" ? account.NeverPublished : []).SelectMany(order => _byKey.Value[order.ToString()]).Take(MostEntries / 2)
            .Concat(entries.Where(entry => IsOf(service, entry.Where)).TakeLast(MostEntries / 2))
            .Distinct();

    private static bool IsOf(string service, string where) => where == service || where.StartsWith($"{service}.", StringComparison.Ordinal);

    /// <summary>How the order is at the end, which has no time of its own.</summary>
    private IEnumerable<HistoryEntry> AtTheEnd(string subject, HistoryEntry[] story)
    {
        if (story.Length == 0 || !(subject.StartsWith("order ", StringComparison.Ordinal) || subject.StartsWith("message ", StringComparison.Ordinal))) yield break;
        var key = story.FirstOrDefault(entry => entry.Key is not null)?.Key;
        foreach (var order in evidence.Orders.Where(order => IsKey(order.OrderId, key)))
        {
            var saga = order.Fulfilment is null ? "" : $", its saga {order.Fulfilment}";
            yield return new HistoryEntry(story[^1].At, HistoryKind.Effect, key, "orders", $"at the end: {order.State}{saga}");
        }

        foreach (var payment in evidence.Payments.Where(payment => IsKey(payment.OrderId, key)))
            yield return new HistoryEntry(story[^1].At, HistoryKind.Effect, key, "payments", $"at the end: {payment.State}");
    }

    private static bool IsKey(Guid orderId, string? key) => orderId.ToString().Equals(key, StringComparison.OrdinalIgnoreCase);
}
