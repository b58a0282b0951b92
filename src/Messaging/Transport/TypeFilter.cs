namespace Messaging;

/// <summary>Tells which deliveries a reader wants, by their CloudEvents type. For transports whose broker does not.</summary>
internal static class TypeFilter
{
    /// <summary>True when <paramref name="types"/> is null or holds the delivery's type.</summary>
    public static bool Wants(IReadOnlySet<string>? types, Delivery delivery)
    {
        if (types is null)
            return true;
        for (var i = delivery.Attributes.Count - 1; i >= 0; i--)
        {
            if (delivery.Attributes[i].Key == "type")
                return types.Contains(delivery.Attributes[i].Value);
        }

        return false;
    }
}
