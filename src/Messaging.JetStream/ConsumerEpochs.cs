using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// The consumers of a group on one partition. Each ownership of the partition has one of its own, named by a growing epoch,
/// which starts right behind the position that the owners before it have settled. No owner inherits a consumer: what a dead
/// owner held would come again only after AckWait, behind newer messages.
/// </summary>
internal sealed partial class ConsumerEpochs(
    JetStreamLink link, Subscription subscription, int partition, JetStreamTransportOptions options, ILogger logger)
{
    /// <summary>The server's error code for a consumer that does not exist.</summary>
    public const int ConsumerNotFound = 10014;

    private readonly string _stream = Streams.NameOf(subscription.Topic);
    private readonly string _prefix = $"{Streams.ConsumersOf(subscription.Group)}-p{partition}-e";

    private DateTimeOffset? _created;

    /// <summary>The settled position: what lies at or before it needs no handling.</summary>
    public ulong Settled { get; private set; }

    /// <summary>Moves the settled position forward to what this process knows to be settled.</summary>
    public void Settle(ulong position) => Settled = Math.Max(Settled, position);

    /// <summary>
    /// Makes the next epoch's consumer, and removes the others. Where the stream was made again, or does not reach as far as the
    /// settled position, the group begins at its first message.
    /// </summary>
    /// <exception cref="TransportException">The server made the consumer otherwise than asked.</exception>
    public async Task<INatsJSConsumer> BeginAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            var jetStream = link.JetStream;
            var stream = await LookAsync(jetStream, cancellationToken);
            if (_created is { } created && created != stream.Created)
                Forget(stream);
            _created = stream.Created;
            var predecessors = await ListAsync(jetStream, cancellationToken);
            foreach (var (_, info) in predecessors)
                Settle(Math.Max(info.AckFloor.StreamSeq, info.Config.OptStartSeq > 0 ? info.Config.OptStartSeq - 1 : 0));

            // Looked at behind the consumers: what they have settled is in the stream by now.
            stream = await LookAsync(jetStream, cancellationToken);
            if (stream.Created != _created)
                continue;
            if (Settled > stream.State.LastSeq)
                Forget(stream);
            var asked = Describe(predecessors.Select(predecessor => predecessor.Epoch).DefaultIfEmpty().Max() + 1);
            var begun = await jetStream.CreateOrUpdateConsumerAsync(_stream, asked, cancellationToken);
            Compare(asked, begun.Info.Config);

            // Behind the new one, too: it would begin somewhere in a stream that has replaced the one it was meant for.
            if ((await LookAsync(jetStream, cancellationToken)).Created != _created)
            {
                await RemoveAsync(jetStream, begun.Info.Name, cancellationToken);
                continue;
            }

            foreach (var (_, info) in predecessors)
                await RemoveAsync(jetStream, info.Name, cancellationToken);
            return begun;
        }
    }

    private async Task<StreamInfo> LookAsync(INatsJSContext jetStream, CancellationToken cancellationToken) =>
        (await jetStream.GetStreamAsync(_stream, cancellationToken: cancellationToken)).Info;

    private async Task<List<(long Epoch, ConsumerInfo Info)>> ListAsync(INatsJSContext jetStream, CancellationToken cancellationToken)
    {
        var began = Stopwatch.GetTimestamp();
        while (true)
        {
            if (await TryListAsync(jetStream, cancellationToken) is { } consumers)
                return consumers;
            if (Stopwatch.GetElapsedTime(began) > options.RequestTimeout)
                throw new TransportException($"The consumers of {subscription.Group} on {_stream} change faster than they can be looked at.");
        }
    }

    /// <summary>Null when one of them went meanwhile: its successor may not be among them yet.</summary>
    private async Task<List<(long Epoch, ConsumerInfo Info)>?> TryListAsync(INatsJSContext jetStream, CancellationToken cancellationToken)
    {
        // By name: of a consumer that is deleted while it makes a list with everything, nats-server 2.9 lists a null.
        var consumers = new List<(long, ConsumerInfo)>();
        foreach (var name in await jetStream.ListConsumerNamesAsync(_stream, cancellationToken).ToListAsync(cancellationToken))
        {
            if (EpochOf(name) is not { } epoch)
                continue;
            try
            {
                consumers.Add((epoch, (await jetStream.GetConsumerAsync(_stream, name, cancellationToken)).Info));
            }
            catch (NatsJSApiException exception) when (exception.Error.ErrCode == ConsumerNotFound)
            {
                return null;
            }
        }

        return consumers;
    }

    /// <summary>
    /// To the first message rather than to the end: what was stored since the loss is new, and where it begins nobody knows.
    /// The inbox knows the messages that were handled before.
    /// </summary>
    private void Forget(StreamInfo stream)
    {
        LogPositionLost(subscription.Group, partition, subscription.Topic, Settled, stream.State.LastSeq, stream.Created);
        Settled = 0;
    }

    private ConsumerConfig Describe(long epoch) => new(_prefix + epoch.ToString(CultureInfo.InvariantCulture))
    {
        DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence,
        OptStartSeq = Settled + 1,
        FilterSubject = Streams.FilterOf(subscription.Topic, partition, subscription.Types),
        AckPolicy = ConsumerConfigAckPolicy.All,
        AckWait = options.AckWait,
        MaxDeliver = -1,
        MaxAckPending = subscription.Prefetch + subscription.MaxBatch,
    };

    private long? EpochOf(string name) =>
        name.StartsWith(_prefix, StringComparison.Ordinal)
        && long.TryParse(name.AsSpan(_prefix.Length), NumberStyles.None, CultureInfo.InvariantCulture, out var epoch)
            ? epoch
            : null;

    private async Task RemoveAsync(INatsJSContext jetStream, string name, CancellationToken cancellationToken)
    {
        try
        {
            await jetStream.DeleteConsumerAsync(_stream, name, cancellationToken);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == ConsumerNotFound)
        {
            // Gone already: that is what was wanted.
        }
    }

    /// <summary>An old server drops what it does not know without a word: what it returned is what is in force.</summary>
    private static void Compare(ConsumerConfig asked, ConsumerConfig made)
    {
        if ((made.DeliverPolicy, made.OptStartSeq, made.FilterSubject, made.AckPolicy, made.AckWait, made.MaxDeliver, made.MaxAckPending)
            != (asked.DeliverPolicy, asked.OptStartSeq, asked.FilterSubject, asked.AckPolicy, asked.AckWait, asked.MaxDeliver, asked.MaxAckPending))
        {
            throw new TransportException($"The server made consumer {asked.Name} otherwise than asked: {made} instead of {asked}.");
        }
    }

    [LoggerMessage(EventId = 25, Level = LogLevel.Error, Message = "Group {Group} has settled partition {Partition} of {Topic} up to {Settled}, which its stream (last position {Last}, created {Created}) has lost or never had; the group begins at the stream's first message")]
    private partial void LogPositionLost(string group, int partition, string topic, ulong settled, ulong last, DateTimeOffset created);
}
