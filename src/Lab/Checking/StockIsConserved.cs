namespace Lab.Checking;

/// <summary>
/// Invariant 2. Per SKU nothing appeared, vanished, went below zero or stayed reserved, and what is committed is what
/// the confirmed orders asked for.
/// </summary>
internal sealed record StockIsConserved()
    : Invariant(2, "per SKU: initial stock = on hand + reserved + committed, nothing reserved, nothing negative")
{
    public override IEnumerable<Violation> Check(Snapshot snapshot)
    {
        var confirmed = snapshot.Orders.Where(order => order.State == OrderStates.Confirmed).Select(order => order.OrderId).ToHashSet();
        var sold = snapshot.Accepted
            .Where(order => confirmed.Contains(order.OrderId))
            .SelectMany(order => order.Lines)
            .GroupBy(line => line.Sku, line => line.Quantity, StringComparer.Ordinal)
            .ToDictionary(sku => sku.Key, sku => sku.Sum(), StringComparer.Ordinal);

        var unknown = sold.Keys.Except(snapshot.Stock.Select(stock => stock.Sku), StringComparer.Ordinal)
            .Select(sku => new Violation($"sku {sku}", $"{sold[sku]} confirmed, but there is no such stock"));
        return unknown.Concat(snapshot.Stock.SelectMany(stock => CheckSku(stock, sold.GetValueOrDefault(stock.Sku))));
    }

    private static IEnumerable<Violation> CheckSku(StockRow stock, int sold)
    {
        var subject = $"sku {stock.Sku}";
        var seen = $"on hand {stock.OnHand}, reserved {stock.Reserved}, committed {stock.Committed}";
        if (stock.OnHand + stock.Reserved + stock.Committed != stock.InitialOnHand)
        {
            yield return new Violation(subject, $"{seen} do not add up to the initial {stock.InitialOnHand}");
        }

        if (stock.OnHand < 0 || stock.Reserved < 0 || stock.Committed < 0) yield return new Violation(subject, $"negative: {seen}");
        if (stock.Reserved != 0) yield return new Violation(subject, $"{stock.Reserved} still reserved");
        if (stock.Committed != sold) yield return new Violation(subject, $"{stock.Committed} committed, {sold} in confirmed orders");
    }
}
