namespace Lab.Checking;

/// <summary>
/// Invariant 3. By the provider's own ledger each confirmed order was authorised once and captured once with its
/// amount, no other order was captured, and every other authorisation was voided. Payments believes the same.
/// </summary>
internal sealed record MoneyMatchesOrders()
    : Invariant(3, "the provider captured exactly the confirmed orders, once each, and holds no authorisation")
{
    public override IEnumerable<Violation> Check(Snapshot snapshot)
    {
        var orders = snapshot.Orders.DistinctBy(order => order.OrderId).ToDictionary(order => order.OrderId.ToString(), StringComparer.OrdinalIgnoreCase);
        var entries = snapshot.Ledger.ToLookup(entry => entry.Reference, StringComparer.OrdinalIgnoreCase);

        var strangers = entries.Where(entry => !orders.ContainsKey(entry.Key))
            .Select(entry => new Violation($"payment {entry.Key}", $"{entry.Count()} ledger entries for an order that does not exist"));
        var perOrder = orders.SelectMany(order => CheckOrder(order.Value, [.. entries[order.Key]]));
        var believed = snapshot.Payments.SelectMany(payment =>
            CheckBelief(payment, orders.GetValueOrDefault(payment.OrderId.ToString())?.State));
        return strangers.Concat(perOrder).Concat(believed).Concat(CheckTotals(orders.Values, snapshot.Ledger));
    }

    private static IEnumerable<Violation> CheckOrder(OrderRow order, LedgerEntry[] entries)
    {
        var authorized = entries.Count(entry => entry.Kind == LedgerKinds.Authorized);
        var voided = entries.Count(entry => entry.Kind == LedgerKinds.Voided);
        var captured = entries.Where(entry => entry.Kind == LedgerKinds.Captured).ToArray();

        if (authorized > 1) yield return Violation.OfOrder(order.OrderId, $"authorised {authorized} times");
        if (order.State != OrderStates.Confirmed)
        {
            if (captured.Length > 0) yield return Violation.OfOrder(order.OrderId, $"{order.State}, but captured {captured.Length} times");
            if (authorized > 0 && voided == 0 && captured.Length == 0)
            {
                yield return Violation.OfOrder(order.OrderId, $"{order.State}, but its authorisation was not voided");
            }

            yield break;
        }

        if (captured.Length != 1) yield return Violation.OfOrder(order.OrderId, $"Confirmed, but captured {captured.Length} times");
        if (voided > 0) yield return Violation.OfOrder(order.OrderId, $"Confirmed, but voided {voided} times");
        foreach (var capture in captured.Where(capture => capture.Amount != order.Amount || capture.Currency != order.Currency))
        {
            yield return Violation.OfOrder(
                order.OrderId, $"captured {capture.Amount} {capture.Currency} instead of {order.Amount} {order.Currency}");
        }
    }

    private static IEnumerable<Violation> CheckBelief(PaymentRow payment, string? order)
    {
        if (!PaymentStates.IsEnd(payment.State) || (payment.State == PaymentStates.Captured) != (order == OrderStates.Confirmed))
        {
            yield return Violation.OfOrder(payment.OrderId, $"{order ?? "unknown"}, but Payments has it as {payment.State}");
        }
    }

    // Implied by the rest as long as the rest is right: the sum is what an accountant would look at.
    private static IEnumerable<Violation> CheckTotals(IEnumerable<OrderRow> orders, IEnumerable<LedgerEntry> ledger)
    {
        var sold = orders.Where(order => order.State == OrderStates.Confirmed)
            .GroupBy(order => order.Currency, order => order.Amount, StringComparer.Ordinal)
            .ToDictionary(currency => currency.Key, currency => currency.Sum(), StringComparer.Ordinal);
        var captured = ledger.Where(entry => entry.Kind == LedgerKinds.Captured)
            .GroupBy(entry => entry.Currency, entry => entry.Amount, StringComparer.Ordinal)
            .ToDictionary(currency => currency.Key, currency => currency.Sum(), StringComparer.Ordinal);

        return sold.Keys.Union(captured.Keys, StringComparer.Ordinal)
            .Where(currency => sold.GetValueOrDefault(currency) != captured.GetValueOrDefault(currency))
            .Select(currency => new Violation(
                $"currency {currency}",
                $"captured {captured.GetValueOrDefault(currency)}, confirmed {sold.GetValueOrDefault(currency)}"));
    }
}
