using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// Publishes batches through one connection, every message under its id: what a lost connection left unanswered is sent again, and
/// the stream drops what it has. Looks now and then whether a topic still has the partitions it had. Thread-safe.
/// </summary>
internal sealed partial class JetStreamPublisher(JetStreamLink link, JetStreamTopics topics, JetStreamTransportOptions options, TimeProvider time, ILogger logger)
{
    private static readonly TimeSpan LooksAgain = TimeSpan.FromSeconds(30);

    private readonly ConcurrentDictionary<string, Known> _known = new(StringComparer.Ordinal);

    /// <summary>Tells the number of partitions of a topic, so that publishing need not ask.</summary>
    public void Know(TopicDefinition topic) => _known[topic.Name] = new Known(topic.Partitions, time.GetTimestamp(), link.Lost);

    /// <summary>Publishes a batch; see <see cref="ITransport.PublishAsync"/>.</summary>
    public async Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        using var timeout = new CancellationTokenSource(options.PublishTimeout, time);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, timeout.Token);
        try
        {
            var sending = new Sending(batch, link, options.PublishWindow);
            await link.WaitUntilOpenAsync(limit.Token);
            var session = link.Lost;
            await sending.PrepareAsync((topic, token) => PartitionsOfAsync(topic, session, token), limit.Token);
            while (sending.IsUnfinished)
            {
                var lost = link.Lost;
                await link.WaitUntilOpenAsync(limit.Token);
                await sending.SendAsync(lost, limit.Token);
            }

            foreach (var topic in sending.Unheard)
                Doubt(topic);
            return sending.Outcome;
        }
        catch (OperationCanceledException exception) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TransportException($"NATS at {link.Url} did not acknowledge {batch.Count} messages within {options.PublishTimeout}.", exception);
        }
    }

    private async ValueTask<int> PartitionsOfAsync(string topic, CancellationToken session, CancellationToken cancellationToken)
    {
        if (_known.TryGetValue(topic, out var known) && known.Session == session && time.GetElapsedTime(known.SeenAt) < LooksAgain)
            return known.Partitions;
        var partitions = await topics.CountPartitionsAsync(topic, cancellationToken);
        if (known is not null && known.Partitions != partitions)
        {
            LogChanged(topic, known.Partitions, partitions);
            throw new TopicChangedException(topic, known.Partitions, partitions);
        }

        _known[topic] = new Known(partitions, time.GetTimestamp(), session);
        return partitions;
    }

    /// <summary>Has the next call look again.</summary>
    private void Doubt(string topic)
    {
        if (_known.TryGetValue(topic, out var known))
            _known.TryUpdate(topic, known with { Session = new CancellationToken(canceled: true) }, known);
    }

    [LoggerMessage(EventId = 45, Level = LogLevel.Error, Message = "Topic {Topic} had {Before} partitions and has {Now} now; nothing is published to it until this process starts anew")]
    private partial void LogChanged(string topic, int before, int now);

    /// <summary>What the server said of a topic, when, and over which connection.</summary>
    private sealed record Known(int Partitions, long SeenAt, CancellationToken Session);
}
