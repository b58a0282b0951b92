using MassTransit;
using Messaging;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.EntityFrameworkCore;
using Npgsql;
using Shared.Contracts;

namespace Orders.PlacingAnOrder;

/// <summary>Accepts an order: its row and <see cref="OrderPlaced"/> are written in one transaction.</summary>
internal sealed class PlaceOrderHandler(OrdersDbContext db, IPublishEndpoint publisher, IUnitOfWork unitOfWork, TimeProvider time)
{
    /// <summary>The shop sells in one currency.</summary>
    private const string Currency = "EUR";

    /// <summary>Accepts a valid request, or finds the order that was accepted under its key before.</summary>
    public async Task<IResult> HandleAsync(PlaceOrder request, string? key, CancellationToken cancellationToken)
    {
        var hash = request.Hash();
        var skus = request.Lines!.Select(line => line!.Sku!).ToArray();
        var known = await FindAsync(skus, key, cancellationToken);
        if (known is [{ OrderId: { } earlierId, RequestHash: { } earlierHash }, ..])
            return Repeated(key!, earlierId, earlierHash, hash);

        var prices = known.ToDictionary(article => article.Sku, article => article.UnitPrice, StringComparer.Ordinal);
        if (skus.FirstOrDefault(sku => !prices.ContainsKey(sku)) is { } unknown)
        {
            // Without any article there is no row that could have told of the key.
            return known.Count == 0 && key is not null && await FindAcceptedAsync(key, hash, cancellationToken) is { } earlier
                ? earlier
                : Problems.UnknownSku.With(unknown);
        }

        return await AcceptAsync(request, key, hash, prices, cancellationToken);
    }

    private async Task<IResult> AcceptAsync(
        PlaceOrder request, string? key, byte[] hash, Dictionary<string, decimal> prices, CancellationToken cancellationToken)
    {
        var lines = request.Lines!.Select(line => new OrderLine(line!.Sku!, line.Quantity, prices[line.Sku!])).ToArray();
        var order = new Order
        {
            OrderId = Guid.CreateVersion7(time.GetUtcNow()),
            CustomerId = request.CustomerId!,
            State = OrderStates.Placed,
            Amount = lines.Sum(line => line.Quantity * line.UnitPrice),
            Currency = Currency,
            PaymentMethod = request.PaymentMethod!,
            Lines = lines,
            PlacedAt = time.GetUtcNow(),
            IdempotencyKey = key,
            RequestHash = hash,
        };
        db.Orders.Add(order);
        await publisher.Publish(
            new OrderPlaced(order.OrderId, order.CustomerId, lines, order.Amount, Currency, order.PaymentMethod, order.PlacedAt),
            cancellationToken);
        try
        {
            await unitOfWork.CommitAsync(cancellationToken);
            return Accepted(order.OrderId);
        }
        catch (DbUpdateException exception) when (key is not null && IsKeyTaken(exception))
        {
            // Another request under the same key was faster; its order is the answer to both.
            if (await FindAcceptedAsync(key, hash, cancellationToken) is { } other)
                return other;
            throw;
        }
    }

    /// <summary>Finds the articles, each with the order that was accepted under the key, if any, in one round trip.</summary>
    private Task<List<KnownArticle>> FindAsync(string[] skus, string? key, CancellationToken cancellationToken) =>
        db.Database.SqlQuery<KnownArticle>(
            $"""
            select p.sku as "Sku", p.unit_price as "UnitPrice", o.order_id as "OrderId", o.request_hash as "RequestHash"
            from orders.products p left join orders.orders o on o.idempotency_key = {key}
            where p.sku = any({skus})
            """).ToListAsync(cancellationToken);

    private async Task<IResult?> FindAcceptedAsync(string key, byte[] hash, CancellationToken cancellationToken)
    {
        var order = await db.Orders.AsNoTracking()
            .Where(order => order.IdempotencyKey == key)
            .Select(order => new { order.OrderId, order.RequestHash })
            .SingleOrDefaultAsync(cancellationToken);
        return order is null ? null : Repeated(key, order.OrderId, order.RequestHash, hash);
    }

    private static IResult Repeated(string key, Guid orderId, byte[] acceptedHash, byte[] hash) =>
        acceptedHash.AsSpan().SequenceEqual(hash) ? Accepted(orderId) : Problems.IdempotencyKeyReused.With(key);

    private static Accepted<OrderAccepted> Accepted(Guid orderId) => TypedResults.Accepted($"/orders/{orderId}", new OrderAccepted(orderId));

    private static bool IsKeyTaken(DbUpdateException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "orders_idempotency_key_key" };

    private sealed record KnownArticle(string Sku, decimal UnitPrice, Guid? OrderId, byte[]? RequestHash);
}
