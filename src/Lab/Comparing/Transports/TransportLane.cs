using System.Collections.Concurrent;
using System.Diagnostics;
using Confluent.Kafka;
using Lab.Benching;
using Lab.Benching.Transports;
using Lab.Comparing.Measuring;
using Messaging;

namespace Lab.Comparing.Transports;

/// <summary>
/// Measures one transport on a broker that runs: what it carries at most, and how long a message takes at a rate it carries with ease.
/// No figure is given before everything that was sent is known to have arrived.
/// </summary>
/// <param name="transport"><c>jetstream</c> or <c>kafka</c>.</param>
/// <param name="broker">The broker.</param>
internal sealed class TransportLane(string transport, BrokerProcess broker)
{
    // So many are made and published at a time where they need not be there before: their bodies take memory.
    private const int Portion = 2_000;

    // Of a broker that writes to the disk before each acknowledgement only so much is asked as it takes in this time.
    private const double LongestPublishSeconds = 3;
    private const int SizingMessages = 200;
    private const int LeastMessages = 600;
    private const double EasyShare = 0.25;
    private const double LeastPerSecond = 20;

    // Of what a connection does not take in time a nats-server keeps 64 MiB, and then closes it.
    private const int ReadAheadBytes = 32 * 1024 * 1024;

    private static readonly TimeSpan LongestDelete = TimeSpan.FromSeconds(10);

    private readonly SampleTopics _topics = SampleTopics.Of(transport, broker);
    private readonly ConcurrentDictionary<int, double> _paces = new();

    private bool IsKafka => transport == "kafka";

    /// <summary>
    /// Does everything for a moment, without figures: the first message pays for what all share, and code is slow before it has run
    /// often. All at once, because Kafka takes its time over each group.
    /// </summary>
    /// <exception cref="LabException">Messages are missing, or the broker refuses.</exception>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(LaneCases.ToWarmUp(broker.Description.IsEmbedded).Select(each => MeasureAsync(each, cancellationToken)));
        _paces.Clear(); // Of a cold broker with much else to do.
    }

    /// <summary>Measures one repeat, on a topic of its own.</summary>
    /// <exception cref="LabException">Messages are missing, or the broker refuses.</exception>
    public async Task<LaneSample> MeasureAsync(LaneCase measured, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(measured);
        try
        {
            var sized = broker.Durability.IsSynced ? await SizeAsync(measured, cancellationToken) : measured;
            return await UseAsync(sized, (lane, topic) => sized.Scenario switch
            {
                LaneScenarios.Publish => PublishAsync(lane, topic, sized, cancellationToken),
                LaneScenarios.Steady => FollowAsync(lane, topic, sized, cancellationToken),
                _ => DrainAsync(lane, topic, sized, cancellationToken),
            }, cancellationToken);
        }
        catch (Exception failure) when (failure is TransportException or NatsException or KafkaException)
        {
            throw new LabException($"{measured}: {failure.Message}", failure);
        }
    }

    private async Task<T> UseAsync<T>(LaneCase measured, Func<ITransportLane, string, Task<T>> use, CancellationToken cancellationToken)
    {
        await using var port = broker.Connect(transport);
        var topic = SampleTopics.NewName();
        await port.EnsureTopicsAsync([new TopicDefinition(topic, measured.Partitions)], cancellationToken);
        await using ITransportLane lane = measured.Through == LaneCase.Port ? new PortLane(port, ReadAheadOf(measured))
            : IsKafka ? new RawKafkaLane(broker.Url, broker.Description.IsEmbedded)
            : new RawJetStreamLane(broker.Url, measured.Partitions, ReadAheadOf(measured));
        T result;
        try
        {
            result = await use(lane, topic);
        }
        catch when (broker.Process is null)
        {
            // The broker goes on without us, and is not to keep this. Why the sample failed tells more than that this failed too.
            using var limit = new CancellationTokenSource(LongestDelete);
            await _topics.DeleteAsync(topic, limit.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            throw;
        }

        await _topics.DeleteAsync(topic, cancellationToken);
        return result;
    }

    private async Task<LaneSample> PublishAsync(ITransportLane lane, string topic, LaneCase measured, CancellationToken cancellationToken)
    {
        var cost = await PublishAsync(lane, topic, measured.Bytes, measured.Messages, cancellationToken);
        var stored = await _topics.CountAsync(topic, cancellationToken);
        return stored == measured.Messages + 1
            ? SampleOf(cost, measured.Messages, groups: 1)
            : throw new LabException($"{measured}: {measured.Messages + 1} messages were acknowledged, {stored} are in the topic");
    }

    private async Task<Measurement> PublishAsync(ITransportLane lane, string topic, int bytes, int messages, CancellationToken cancellationToken)
    {
        // The first message pays for the connection.
        var batch = LaneMessages.Alike(topic, messages + 1, bytes);
        await lane.PublishAsync(batch[..1], cancellationToken);
        var meter = Meter.Start(broker.Process);
        await lane.PublishAsync(batch[1..], cancellationToken);
        return meter.Stop(messages);
    }

    private async Task<LaneSample> DrainAsync(ITransportLane lane, string topic, LaneCase measured, CancellationToken cancellationToken)
    {
        // As much as consumers of JetStream have in hand when they are let go; of a small backlog so much that half of it counts.
        var readAhead = Math.Min(measured.Groups * measured.Partitions * ReadAheadOf(measured), measured.Groups * measured.Messages / 4);
        var arrivals = new Arrivals(measured, measured.Messages, readAhead, broker.Process);
        await using var consumers = await LaneConsumers.JoinAsync(lane, topic, measured, arrivals, cancellationToken);
        consumers.Hold();
        foreach (var portion in Enumerable.Range(0, measured.Messages).Chunk(Portion))
            await lane.PublishAsync([.. portion.Select(index => LaneMessages.Counted(topic, index, measured.Bytes))], cancellationToken);
        // Those of Kafka throw away what they have read ahead, but for a batch or a window; and one answer may bring most of a backlog.
        GC.Collect();
        if (IsKafka) arrivals.Begin();
        consumers.Release();
        var cost = await consumers.TakenAsync(cancellationToken);
        await consumers.LeaveAsync();
        return SampleOf(cost, measured.Messages, measured.Groups) with { Repeated = arrivals.Repeated };
    }

    private async Task<LaneSample> FollowAsync(ITransportLane lane, string topic, LaneCase measured, CancellationToken cancellationToken)
    {
        var (messages, published) = (measured.WarmUp + measured.Messages, new LatencyHistogram());
        var arrivals = new Arrivals(measured, messages, unmeasured: 0, broker.Process);
        await using var consumers = await LaneConsumers.JoinAsync(lane, topic, measured, arrivals, cancellationToken);
        var loop = new OpenLoop(measured.PerSecond, measured.WarmUp);
        var sending = new List<Task>(messages);
        try
        {
            await loop.RunAsync(messages, (index, intended) => sending.Add(SendAsync(index, intended)), cancellationToken);
        }
        finally
        {
            // Also when the loop has failed: nothing may go away under what is on its way.
            await Task.WhenAll(sending).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await Task.WhenAll(sending);
        var cost = await consumers.TakenAsync(cancellationToken);
        await consumers.LeaveAsync();
        return SampleOf(cost, measured.Messages, measured.Groups) with
        {
            Repeated = arrivals.Repeated,
            PublishDelay = loop.Delay,
            Publish = published,
            EndToEnd = arrivals.EndToEnd,
        };

        async Task SendAsync(int index, long intended)
        {
            OutgoingMessage[] message = [LaneMessages.Counted(topic, index, measured.Bytes, intended)];
            var sent = Stopwatch.GetTimestamp();
            await lane.PublishAsync(message, cancellationToken);
            if (index >= measured.WarmUp) published.Record(sent, Stopwatch.GetTimestamp());
        }
    }

    /// <summary>As many messages, and as high a rate, as a broker takes that writes to the disk each time.</summary>
    private async Task<LaneCase> SizeAsync(LaneCase measured, CancellationToken cancellationToken)
    {
        if (!_paces.TryGetValue(measured.Bytes, out var pace))
        {
            pace = await UseAsync(
                measured with { Through = LaneCase.Port },
                async (lane, topic) => (await PublishAsync(lane, topic, measured.Bytes, SizingMessages, cancellationToken)).PerSecond,
                cancellationToken);
            _paces[measured.Bytes] = pace;
        }

        if (measured.PerSecond == 0)
            return measured with { Messages = (int)Math.Clamp(pace * LongestPublishSeconds, Math.Min(LeastMessages, measured.Messages), measured.Messages) };
        var slower = Math.Min(1, Math.Max(LeastPerSecond, pace * EasyShare) / measured.PerSecond);
        return measured with
        {
            PerSecond = measured.PerSecond * slower,
            Messages = (int)Math.Ceiling(measured.Messages * slower),
            WarmUp = (int)(measured.WarmUp * slower),
        };
    }

    private static int ReadAheadOf(LaneCase measured) =>
        Math.Min(Lanes.ReadAhead, ReadAheadBytes / (measured.Bytes * measured.Partitions * Math.Max(1, measured.Groups)));

    // What was measured counts a message once for each group that took it.
    private static LaneSample SampleOf(Measurement cost, int messages, int groups) => new(
        messages, cost.PerSecond / groups, cost.ClientMicroseconds * groups, cost.ServerMicroseconds * groups);
}
