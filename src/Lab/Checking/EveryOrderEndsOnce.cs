namespace Lab.Checking;

/// <summary>
/// Invariant 1. The accepted orders, the write model and the read model hold the same orders; each is in an end state,
/// the same one in both models and in its saga where the system has sagas, and its timeline tells of that end once and of no other.
/// </summary>
internal sealed record EveryOrderEndsOnce()
    : Invariant(1, "every accepted order reaches exactly one end state, and no other order exists")
{
    public override IEnumerable<Violation> Check(Snapshot snapshot)
    {
        var accepted = snapshot.Accepted.ToLookup(order => order.OrderId);
        var written = snapshot.Orders.ToLookup(order => order.OrderId);
        var viewed = snapshot.Views.ToLookup(view => view.OrderId);

        return accepted.Where(orders => orders.Count() > 1).Select(orders => Violation.OfOrder(orders.Key, $"accepted {orders.Count()} times"))
            .Concat(written.Where(orders => !accepted.Contains(orders.Key))
                .Select(orders => Violation.OfOrder(orders.Key, "in the write model, but never accepted")))
            .Concat(viewed.Where(views => !accepted.Contains(views.Key))
                .Select(views => Violation.OfOrder(views.Key, "in the read model, but never accepted")))
            .Concat(accepted.SelectMany(orders => CheckOrder(orders.Key, [.. written[orders.Key]], [.. viewed[orders.Key]], snapshot.HasSagas)));
    }

    private static IEnumerable<Violation> CheckOrder(Guid orderId, OrderRow[] rows, OrderView[] views, bool hasSagas)
    {
        if (rows.Length != 1) yield return Violation.OfOrder(orderId, $"accepted, but {rows.Length} times in the write model");
        if (views.Length != 1) yield return Violation.OfOrder(orderId, $"accepted, but {views.Length} times in the read model");
        if (rows.Length != 1 || views.Length != 1) yield break;

        var (state, fulfilment, view) = (rows[0].State, rows[0].Fulfilment, views[0]);
        if (!OrderStates.IsEnd(state)) yield return Violation.OfOrder(orderId, $"still {state}");
        if (view.State != state) yield return Violation.OfOrder(orderId, $"{state} in the write model, {view.State} in the read model");

        if (!OrderStates.IsEnd(state)) yield break;

        if (hasSagas && fulfilment != state) yield return Violation.OfOrder(orderId, $"{state}, but its saga is {fulfilment ?? "missing"}");
        if (!hasSagas && fulfilment is not null) yield return Violation.OfOrder(orderId, $"it has a saga, {fulfilment}, and nobody to run it");
        var ends = view.Ends.Select(entry => entry.What).ToArray();
        if (ends is not [var end] || OrderStates.EndToldBy(end) != state)
        {
            yield return Violation.OfOrder(orderId, $"{state}, but its timeline ends with [{string.Join(", ", ends)}]");
        }
    }
}
