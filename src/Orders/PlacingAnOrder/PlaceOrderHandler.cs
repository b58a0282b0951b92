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
        if (key is not null && await FindAcceptedAsync(key, hash, cancellationToken) is { } earlier)
            return earlier;

        var skus = request.Lines!.Select(line => line!.Sku!).ToArray();
        var prices = await db.Products.AsNoTracking()
            .Where(product => skus.Contains(product.Sku))
            .ToDictionaryAsync(product => product.Sku, product => product.UnitPrice, StringComparer.Ordinal, cancellationToken);
        if (skus.FirstOrDefault(sku => !prices.ContainsKey(sku)) is { } unknown)
            return Problems.UnknownSku.With(unknown);

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

    private async Task<IResult?> FindAcceptedAsync(string key, byte[] hash, CancellationToken cancellationToken)
    {
        var order = await db.Orders.AsNoTracking()
            .Where(order => order.IdempotencyKey == key)
            .Select(order => new { order.OrderId, order.RequestHash })
            .SingleOrDefaultAsync(cancellationToken);
        if (order is null)
            return null;
        return order.RequestHash.AsSpan().SequenceEqual(hash) ? Accepted(order.OrderId) : Problems.IdempotencyKeyReused.With(key);
    }

    private static Accepted<OrderAccepted> Accepted(Guid orderId) => TypedResults.Accepted($"/orders/{orderId}", new OrderAccepted(orderId));

    private static bool IsKeyTaken(DbUpdateException exception) =>
        exception.InnerException is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation, ConstraintName: "orders_idempotency_key_key" };
}
