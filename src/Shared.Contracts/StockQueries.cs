namespace Shared.Contracts;

/// <summary>Asks Inventory how much of an article there is. A request: it has one answer, <see cref="StockAnswer"/>, and leaves nothing behind.</summary>
/// <param name="Sku">The article.</param>
public sealed record StockQuery(string Sku);

/// <summary>How much of an article there is at this moment. What is on hand now may be reserved for somebody else the next instant.</summary>
/// <param name="Sku">The article.</param>
/// <param name="Exists">Whether there is such an article.</param>
/// <param name="OnHand">Pieces that can be ordered.</param>
/// <param name="Reserved">Pieces set aside for orders under way.</param>
public sealed record StockAnswer(string Sku, bool Exists, int OnHand, int Reserved);

/// <summary>The requests that Inventory answers. They are on no topic.</summary>
public static class StockQueries
{
    /// <summary>All kinds, requests and answers.</summary>
    public static IReadOnlyList<MessageKind> Messages { get; } =
    [
        new("inventory.stock-query.v1", Topic: "", typeof(StockQuery)),
        new("inventory.stock-answer.v1", Topic: "", typeof(StockAnswer)),
    ];

    /// <summary>The key of any of them: the article.</summary>
    /// <exception cref="InvalidCastException">The message is none of them.</exception>
    public static string KeyOf(object message) => message is StockQuery query ? query.Sku : ((StockAnswer)message).Sku;
}
