namespace Lab.Checking;

/// <summary>
/// Invariant 4. Per order and SKU stock is reserved once and then released or committed once; the provider authorises
/// or declines once and then captures or voids once; stock is reserved before money is authorised and committed after;
/// the timeline tells each thing once, causes before effects, and of a confirmed order every step; the read model is told what one
/// topic tells of an order in the order in which it happened.
/// </summary>
internal sealed record EffectsAreInOrderAndSingle()
    : Invariant(4, "the effects of one order's messages appear in order, each once")
{
    private static readonly (string Cause, string Effect)[] Causes =
    [
        (Happenings.OrderPlaced, Happenings.StockReserved),
        (Happenings.OrderPlaced, Happenings.StockRejected),
        (Happenings.OrderPlaced, Happenings.CancellationRequested),
        (Happenings.StockReserved, Happenings.PaymentAuthorized),
        (Happenings.StockReserved, Happenings.PaymentDeclined),
        (Happenings.StockReserved, Happenings.StockReleased),
        (Happenings.StockRejected, Happenings.OrderRejected),
        (Happenings.PaymentDeclined, Happenings.OrderRejected),
        (Happenings.PaymentAuthorized, Happenings.StockCommitted),
        (Happenings.PaymentAuthorized, Happenings.PaymentCaptured),
        (Happenings.PaymentCaptured, Happenings.OrderConfirmed),
    ];

    // Each pair travels on one topic under one key: whoever reads it is told the first of the two first, whatever fails meanwhile.
    private static readonly (string First, string Then)[] Sequences =
    [
        (Happenings.OrderPlaced, Happenings.CancellationRequested),
        (Happenings.OrderPlaced, Happenings.OrderConfirmed),
        (Happenings.OrderPlaced, Happenings.OrderRejected),
        (Happenings.OrderPlaced, Happenings.OrderCancelled),
        (Happenings.StockReserved, Happenings.StockCommitted),
        (Happenings.StockReserved, Happenings.StockReleased),
        (Happenings.PaymentAuthorized, Happenings.PaymentCaptured),
        (Happenings.PaymentAuthorized, Happenings.PaymentVoided),
    ];

    private static readonly string[] StepsOfAConfirmedOrder =
    [
        Happenings.OrderPlaced, Happenings.StockReserved, Happenings.PaymentAuthorized, Happenings.StockCommitted, Happenings.PaymentCaptured,
    ];

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
            .Concat(snapshot.Views.SelectMany(CheckTimeline))
            .Concat(snapshot.Views.SelectMany(CheckTold));
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
        var told = view.Timeline.ToLookup(entry => entry.What, entry => entry.At, StringComparer.Ordinal);
        foreach (var (cause, effect) in Causes.Where(pair => told.Contains(pair.Cause) && told.Contains(pair.Effect)))
        {
            if (told[cause].Min() > told[effect].Min()) yield return Violation.OfOrder(view.OrderId, $"{effect} happened before {cause}");
        }

        // A customer may ask twice, and does when the first answer got lost.
        foreach (var repeated in told.Where(entry => entry.Count() > 1 && entry.Key != Happenings.CancellationRequested))
        {
            yield return Violation.OfOrder(view.OrderId, $"{repeated.Key} happened {repeated.Count()} times");
        }

        var missing = view.State == OrderStates.Confirmed ? StepsOfAConfirmedOrder.Where(step => !told.Contains(step)) : [];
        foreach (var step in missing) yield return Violation.OfOrder(view.OrderId, $"Confirmed, but {step} never happened");
    }

    private static IEnumerable<Violation> CheckTold(OrderView view)
    {
        string[] told = [.. view.Told];
        foreach (var (first, then) in Sequences)
        {
            if (Array.IndexOf(told, then) is >= 0 and var earlier && earlier < Array.IndexOf(told, first))
                yield return Violation.OfOrder(view.OrderId, $"the read model was told {then} before {first}");
        }
    }
}
