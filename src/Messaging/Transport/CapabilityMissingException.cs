namespace Messaging;

/// <summary>Something needs what the transport does not offer. No retry helps: choose another transport, or do without.</summary>
public sealed class CapabilityMissingException : NotSupportedException
{
    /// <summary>Makes one.</summary>
    /// <param name="transport">The transport's name.</param>
    /// <param name="capability">A property of <see cref="TransportCapabilities"/>.</param>
    /// <param name="needed">What needs it, as the sentence's subject.</param>
    public CapabilityMissingException(string transport, string capability, string needed)
        : base($"The transport {transport} does not offer {capability}, which {needed} needs.") => Capability = capability;

    /// <summary>The missing property of <see cref="TransportCapabilities"/>.</summary>
    public string Capability { get; }
}

/// <summary>Finds a transport's facets.</summary>
public static class TransportFacets
{
    /// <summary>The transport's request-reply facet.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="needed">What needs it, for the refusal.</param>
    /// <exception cref="CapabilityMissingException">It has none.</exception>
    public static IRequestReply RequireRequestReply(this ITransport transport, string needed = "request-reply")
    {
        ArgumentNullException.ThrowIfNull(transport);
        return transport as IRequestReply ?? throw new CapabilityMissingException(transport.Name, nameof(TransportCapabilities.RequestReply), needed);
    }

    /// <summary>The transport's key-value facet.</summary>
    /// <param name="transport">The transport.</param>
    /// <param name="needed">What needs it, for the refusal.</param>
    /// <exception cref="CapabilityMissingException">It has none.</exception>
    public static IKeyValue RequireKeyValue(this ITransport transport, string needed = "a key-value bucket")
    {
        ArgumentNullException.ThrowIfNull(transport);
        return transport as IKeyValue ?? throw new CapabilityMissingException(transport.Name, nameof(TransportCapabilities.KeyValue), needed);
    }
}
