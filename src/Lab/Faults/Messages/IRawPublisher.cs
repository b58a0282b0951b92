using Lab.Running;

namespace Lab.Faults;

/// <summary>
/// Publishes past the port: whatever, and on JetStream without the id by which the server would drop what it has already. Thread-safe.
/// </summary>
internal interface IRawPublisher : IAsyncDisposable
{
    /// <summary>Publishes one message.</summary>
    /// <param name="message">The message.</param>
    /// <param name="cancellationToken">Ends the wait for its acknowledgement.</param>
    Task PublishAsync(RawMessage message, CancellationToken cancellationToken);

    /// <summary>A publisher to the broker of a system.</summary>
    static IRawPublisher To(RunningSystem system) => system.Broker == "kafka"
        ? new RawKafkaPublisher(system.ConnectionString(system.Broker))
        : new RawNatsPublisher(system.ConnectionString(system.Broker));
}

/// <summary>A message as a broker gets it.</summary>
/// <param name="Topic">Its topic.</param>
/// <param name="Partition">Its partition.</param>
/// <param name="Key">The broker's key.</param>
/// <param name="Attributes">The CloudEvents attributes without the prefix of the binding, and other headers by their own names.</param>
/// <param name="Body">The body.</param>
internal sealed record RawMessage(
    string Topic, int Partition, string Key, IReadOnlyList<KeyValuePair<string, string>> Attributes, ReadOnlyMemory<byte> Body)
{
    private const string ContentType = "content-type";

    /// <summary>The type; <c>unknown</c> when it has none.</summary>
    public string Type => Attributes.FirstOrDefault(attribute => attribute.Key == "type").Value ?? "unknown";

    /// <summary>The headers, named as a binding of CloudEvents does.</summary>
    public IEnumerable<KeyValuePair<string, string>> Headers(string prefix) =>
        Attributes.Select(attribute => attribute.Key == ContentType ? attribute : new(prefix + attribute.Key, attribute.Value));
}
