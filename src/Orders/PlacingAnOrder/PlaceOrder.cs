using System.Security.Cryptography;
using System.Text.Json;

namespace Orders.PlacingAnOrder;

/// <summary>The body of <c>POST /orders</c>.</summary>
/// <param name="CustomerId">Who orders, 1 to 100 characters.</param>
/// <param name="PaymentMethod">How the customer pays, 1 to 50 characters. Which methods there are is the payment provider's business.</param>
/// <param name="Lines">1 to 100 lines, each article once.</param>
internal sealed record PlaceOrder(string? CustomerId, string? PaymentMethod, IReadOnlyList<PlaceOrderLine?>? Lines)
{
    /// <summary>The most lines of an order.</summary>
    public const int MaxLines = 100;

    /// <summary>What is wrong with it; null when nothing is that can be told without the catalog.</summary>
    public IResult? Validate()
    {
        if (!IsText(CustomerId, 100))
            return Problems.InvalidCustomer.With();
        if (!IsText(PaymentMethod, 50))
            return Problems.InvalidPaymentMethod.With();
        if (Lines is not { Count: > 0 })
            return Problems.NoLines.With();
        return Lines.Count > MaxLines ? Problems.TooManyLines.With($"It has {Lines.Count}.") : ValidateLines(Lines);
    }

    /// <summary>SHA-256 of what the request asks for, whatever its white space, field order and unknown fields.</summary>
    public byte[] Hash() => SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(this));

    private static IResult? ValidateLines(IReadOnlyList<PlaceOrderLine?> lines)
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var line in lines)
        {
            if (line is null || !IsText(line.Sku, PlaceOrderLine.MaxSkuLength))
                return Problems.UnknownSku.With("A line has no sku.");
            if (line.Quantity is not (>= 1 and <= PlaceOrderLine.MaxQuantity))
                return Problems.InvalidQuantity.With($"{line.Sku}: {line.Quantity}");
            if (!seen.Add(line.Sku!))
                return Problems.DuplicateSku.With(line.Sku);
        }

        return null;
    }

    /// <summary>Control characters are no part of a name, and PostgreSQL cannot keep all of them.</summary>
    private static bool IsText(string? text, int maxLength) => text is { Length: > 0 } && text.Length <= maxLength && !text.Any(char.IsControl);
}

/// <summary>A line of <see cref="PlaceOrder"/>.</summary>
/// <param name="Sku">The article.</param>
/// <param name="Quantity">How many, 1 to 1000.</param>
internal sealed record PlaceOrderLine(string? Sku, int Quantity)
{
    /// <summary>The most of one article in an order.</summary>
    public const int MaxQuantity = 1000;

    /// <summary>The longest name of an article.</summary>
    public const int MaxSkuLength = 100;
}

/// <summary>The answer to an accepted order.</summary>
/// <param name="OrderId">Its id; <c>GET /orders/{id}</c> tells how it goes on.</param>
/// <param name="State">Always <c>Placed</c>: the answer to a repeated request is the same as to the first.</param>
internal sealed record OrderAccepted(Guid OrderId, string State = OrderStates.Placed);
