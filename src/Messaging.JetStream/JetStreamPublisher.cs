using System.Collections.Concurrent;

namespace Messaging.JetStream;

/// <summary>
/// Publishes batches through one connection: written in order, a window of them unacknowledged, every message under its id.
/// What a lost connection left unanswered is the end of what was sent, never its middle; so it is sent again in order before
/// anything later, and the stream drops what it has. Thread-safe.
/// </summary>
internal sealed class JetStreamPublisher(JetStreamLink link, JetStreamTopics topics, JetStreamTransportOptions options, TimeProvider time)
{
    private readonly ConcurrentDictionary<string, int> _partitions = new(StringComparer.Ordinal);

    /// <summary>Tells the number of partitions of a topic, so that publishing need not ask.</summary>
    public void Know(TopicDefinition topic) => _partitions[topic.Name] = topic.Partitions;

    /// <summary>Publishes a batch; see <see cref="ITransport.PublishAsync"/>.</summary>
    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var timeout = new CancellationTokenSource(options.PublishTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var sending = new Sending(batch, link, options.PublishWindow);
            await sending.PrepareAsync(PartitionsOfAsync, limit.Token);
            while (sending.IsUnfinished)
            {
                var lost = link.Lost;
                await link.WaitUntilOpenAsync(limit.Token);
                await sending.SendAsync(lost, limit.Token);
            }

            return sending.Outcome;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException($"NATS at {link.Url} did not acknowledge {batch.Count} messages within {options.PublishTimeout}.", exception);
        }
    }

    private async ValueTask<int> PartitionsOfAsync(string topic, CancellationToken cancellationToken)
    {
        if (_partitions.TryGetValue(topic, out var known))
            return known;
        var partitions = await topics.CountPartitionsAsync(topic, cancellationToken);
        return _partitions.GetOrAdd(topic, partitions);
    }
}
