namespace Lab.Checking;

/// <summary>
/// Invariant 4. Per order and SKU stock is reserved once and then released or committed once; the provider authorises
/// or declines once and then captures or voids once; stock is reserved before money is authorised and committed after;
/// the timeline runs forward and tells each thing once.
/// </summary>
internal sealed record EffectsAreInOrderAndSingle()
    : Invariant(4, "the effects of one order's messages appear in order, each once")
{
    public override IEnumerable<Violation> Check(Snapshot snapshot)
    {
        var lines = snapshot.Accepted
            .SelectMany(order => order.Lines.Select(line => (order.OrderId, line.Sku, line.Quantity)))
            .ToLookup(line => (line.OrderId, line.Sku), line => line.Quantity);
        var ledger = snapshot.Ledger.ToLookup(entry => entry.Reference, StringComparer.OrdinalIgnoreCase);
        var movements = snapshot.Movements.ToLookup(movement => movement.OrderId);
        var states = snapshot.Orders.DistinctBy(order => order.OrderId).ToDictionary(order => order.OrderId, order => order.State);

        return snapshot.Movements.GroupBy(movement => (movement.OrderId, movement.Sku))
            .SelectMany(effects => CheckStock(effects.Key.OrderId, effects.Key.Sku, [.. effects.OrderBy(movement => movement.MovementId)],
                lines[effects.Key].Sum(), states.GetValueOrDefault(effects.Key.OrderId)))
            .Concat(ledger.SelectMany(entries => CheckMoney(entries.Key, [.. entries.OrderBy(entry => entry.Sequence)])))
            .Concat(movements.SelectMany(moved => CheckAcross(moved.Key, [.. moved], [.. ledger[moved.Key.ToString()]])))
            .Concat(snapshot.Views.SelectMany(CheckTimeline));
    }

    private static IEnumerable<Violation> CheckStock(Guid orderId, string sku, StockMovement[] movements, int ordered, string? state)
    {
        var kinds = movements.Select(movement => movement.Kind).ToArray();
        var expected = state == OrderStates.Confirmed ? MovementKinds.Committed : MovementKinds.Released;
        if (kinds is not [MovementKinds.Reserved, var last] || last != expected)
        {
            yield return Violation.OfOrder(
                orderId, $"{state ?? "unknown"}, but {sku} was [{string.Join(", ", kinds)}] instead of [reserved, {expected}]");
        }

        foreach (var movement in movements.Where(movement => movement.Quantity != ordered))
        {
            yield return Violation.OfOrder(orderId, $"{sku}: {movement.Kind} {movement.Quantity} instead of {ordered}");
        }
    }

    private static IEnumerable<Violation> CheckMoney(string reference, LedgerEntry[] entries)
    {
        var kinds = entries.Select(entry => entry.Kind).ToArray();
        if (kinds is not ([LedgerKinds.Declined] or [LedgerKinds.Authorized, LedgerKinds.Captured or LedgerKinds.Voided]))
        {
            yield return new Violation(
                $"order {reference}",
                $"payment went [{string.Join(", ", kinds)}] instead of [declined], [authorized, captured] or [authorized, voided]");
        }

        foreach (var key in entries.Where(entry => entry.IdempotencyKey is not null)
            .GroupBy(entry => entry.IdempotencyKey, StringComparer.Ordinal).Where(key => key.Count() > 1))
        {
            yield return new Violation($"order {reference}", $"{key.Count()} ledger entries for the one idempotency key {key.Key}");
        }
    }

    // One machine, one clock; a database stamps the start of a transaction, so that a cause is never stamped after its effect.
    private static IEnumerable<Violation> CheckAcross(Guid orderId, StockMovement[] movements, LedgerEntry[] entries)
    {
        if (entries.FirstOrDefault(entry => entry.Kind == LedgerKinds.Authorized) is not { } authorized) yield break;
        foreach (var movement in movements)
        {
            if (movement.Kind == MovementKinds.Reserved && movement.At > authorized.At)
            {
                yield return Violation.OfOrder(orderId, $"money authorised before {movement.Sku} was reserved");
            }

            if (movement.Kind == MovementKinds.Committed && movement.At < authorized.At)
            {
                yield return Violation.OfOrder(orderId, $"{movement.Sku} committed before money was authorised");
            }
        }
    }

    private static IEnumerable<Violation> CheckTimeline(OrderView view)
    {
        foreach (var (earlier, later) in view.Timeline.Zip(view.Timeline.Skip(1)))
        {
            if (later.At < earlier.At) yield return Violation.OfOrder(view.OrderId, $"{later.What} told after {earlier.What}, but happened before");
        }

        foreach (var told in view.Timeline.GroupBy(entry => entry.What, StringComparer.Ordinal).Where(told => told.Count() > 1))
        {
            yield return Violation.OfOrder(view.OrderId, $"{told.Key} happened {told.Count()} times");
        }
    }
}
