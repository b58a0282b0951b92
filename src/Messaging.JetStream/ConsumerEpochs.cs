using System.Globalization;

namespace Messaging.JetStream;

/// <summary>
/// The consumers of a group on one partition. Each ownership of the partition has one of its own, named by a growing epoch,
/// which starts right behind the position that the owners before it have settled. No owner inherits a consumer: what a dead
/// owner held would come again only after AckWait, behind newer messages.
/// </summary>
internal sealed class ConsumerEpochs(JetStreamLink link, Subscription subscription, int partition, JetStreamTransportOptions options)
{
    private const int ConsumerNotFound = 10014;

    private readonly string _stream = Streams.NameOf(subscription.Topic);
    private readonly string _prefix = $"{Streams.ConsumersOf(subscription.Group)}-p{partition}-e";

    /// <summary>The settled position: what lies at or before it needs no handling.</summary>
    public ulong Settled { get; private set; }

    /// <summary>Makes the next epoch's consumer, and removes the others.</summary>
    /// <param name="settled">What this process knows to be settled; the server may know more, or less.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="TransportException">The server made the consumer otherwise than asked.</exception>
    public async Task<INatsJSConsumer> BeginAsync(ulong settled, CancellationToken cancellationToken)
    {
        var jetStream = link.JetStream;
        Settled = Math.Max(Settled, settled);
        var epoch = 0L;
        var predecessors = new List<string>();
        await foreach (var consumer in jetStream.ListConsumersAsync(_stream, cancellationToken))
        {
            if (EpochOf(consumer.Info.Name) is not { } number)
                continue;
            epoch = Math.Max(epoch, number);
            predecessors.Add(consumer.Info.Name);
            var started = consumer.Info.Config.OptStartSeq;
            Settled = Math.Max(Settled, Math.Max(consumer.Info.AckFloor.StreamSeq, started > 0 ? started - 1 : 0));
        }

        var asked = Describe(epoch + 1);
        var begun = await jetStream.CreateOrUpdateConsumerAsync(_stream, asked, cancellationToken);
        Compare(asked, begun.Info.Config);
        foreach (var name in predecessors)
            await RemoveAsync(jetStream, name, cancellationToken);
        return begun;
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
}
