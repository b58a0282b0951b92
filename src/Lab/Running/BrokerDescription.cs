namespace Lab.Running;

/// <summary>Which broker carried the messages.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Version">Its version; null where it does not say.</param>
/// <param name="IsEmbedded">
/// Whether it is librdkafka's own cluster, in memory: right for function, meaningless for durability and figures.
/// </param>
internal sealed record BrokerDescription(string Name, string? Version, bool IsEmbedded)
{
    public override string ToString()
    {
        var version = Version is null ? Name : $"{Name} {Version}";
        return IsEmbedded ? $"{version} (embedded, in memory)" : version;
    }
}
