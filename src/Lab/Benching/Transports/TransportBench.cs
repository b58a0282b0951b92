using System.Buffers.Binary;
using System.Diagnostics;
using System.Globalization;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;
using Spectre.Console;

namespace Lab.Benching.Transports;

/// <summary>
/// Measures what the port costs over the broker's own client, in one process and in turn: publishing, consuming, and the time
/// from publish to handler at a steady rate.
/// </summary>
/// <param name="transport"><c>jetstream</c> or <c>kafka</c>.</param>
/// <param name="messages">How many messages a round publishes and consumes.</param>
/// <param name="rounds">How often each is measured.</param>
/// <param name="console">Told how far it is.</param>
internal sealed class TransportBench(string transport, int messages, int rounds, IAnsiConsole console)
{
    private const int Keys = 1_000;
    private const int PerSecond = 1_000;

    private static readonly int[] PayloadBytes = [256, 4096];
    private static readonly TimeSpan Steady = TimeSpan.FromSeconds(3);

    private readonly Dictionary<(string Scenario, int Bytes, int Partitions, string Lane), List<Measurement>> _measured = [];
    private readonly Dictionary<(int Bytes, int Partitions, string Lane), List<double>> _latencies = [];

    /// <summary>Runs everything.</summary>
    /// <exception cref="LabException">The broker does not start, or messages are missing.</exception>
    public async Task<TransportReport> RunAsync(CancellationToken cancellationToken)
    {
        await using var broker = await BrokerProcess.StartAsync(transport, cancellationToken);
        // Kafka's embedded cluster makes every topic with as many partitions as it likes.
        int[] partitions = broker.Description.IsEmbedded ? [TopicDefinition.DefaultPartitions] : [1, 8];
        console.WriteLine($"port against client on {broker.Description}, {messages} messages, {rounds} rounds");
        for (var round = 0; round <= rounds; round++)
        {
            foreach (var (bytes, count) in from bytes in PayloadBytes from count in partitions select (bytes, count))
            {
                foreach (var lane in round % 2 == 0 ? (string[])["client", "port"] : ["port", "client"])
                    await RunAsync(broker, lane, bytes, count, isWarmUp: round == 0, cancellationToken);
            }

            console.WriteLine(round == 0 ? "warmed up" : $"round {round} of {rounds}");
        }

        return TransportReport.Of(broker.Description, messages, _measured, _latencies);
    }

    private async Task RunAsync(BrokerProcess broker, string lane, int bytes, int partitions, bool isWarmUp, CancellationToken cancellationToken)
    {
        await using var port = Connect(broker);
        await using ITransportLane used = lane == "port" ? new PortLane(port)
            : transport == "kafka" ? new RawKafkaLane(broker.Url, broker.Description.IsEmbedded)
            : new RawJetStreamLane(broker.Url, partitions);
        var topic = $"bench{Guid.NewGuid():N}.messages";
        await port.EnsureTopicsAsync([new TopicDefinition(topic, partitions)], cancellationToken);

        // The first message pays for the connection.
        await used.PublishAsync(Messages(topic, bytes, 1), cancellationToken);
        var batch = Messages(topic, bytes, messages);
        var meter = Meter.Start(broker.Process);
        await used.PublishAsync(batch, cancellationToken);
        Keep("publish", meter.Stop(batch.Count));
        Keep("consume", await ConsumeAsync(used, topic, partitions, batch.Count + 1, broker.Process, cancellationToken));
        var latencies = await FollowAsync(used, topic, bytes, isWarmUp ? Steady / 3 : Steady, cancellationToken);
        if (isWarmUp) return;
        if (!_latencies.TryGetValue((bytes, partitions, lane), out var all)) _latencies[(bytes, partitions, lane)] = all = [];
        all.AddRange(latencies);

        void Keep(string scenario, Measurement measurement)
        {
            if (isWarmUp) return;
            if (!_measured.TryGetValue((scenario, bytes, partitions, lane), out var list)) _measured[(scenario, bytes, partitions, lane)] = list = [];
            list.Add(measurement);
        }
    }

    /// <summary>From when every partition has its first batch: how long it takes to join a group is another question.</summary>
    private static async Task<Measurement> ConsumeAsync(
        ITransportLane lane, string topic, int partitions, int expected, Process? server, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Meter? meter = null;
        Measurement? measurement = null;
        var (taken, batches) = (0, 0);
        var begun = new HashSet<int>();
        var all = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var gate = new Lock();
        await Stopped(lane.ConsumeAsync(topic, $"bench-{Guid.NewGuid():N}", HandleAsync, stopping.Token), stopping.Token);
        return measurement ?? throw new LabException($"{taken} of {expected} messages were consumed");

        async Task HandleAsync(int partition, IReadOnlyList<ReadOnlyMemory<byte>> batch)
        {
            var count = batch.Count;
            lock (gate)
            {
                begun.Add(partition);
                if (meter is null && (partition < 0 || begun.Count == partitions))
                {
                    meter = Meter.Start(server);
                    all.SetResult();
                }
            }

            if (!all.Task.IsCompleted) await all.Task;
            lock (gate)
            {
                taken += count;
                batches++;
                if (taken >= expected) measurement ??= meter!.Stop(taken) with { Batches = batches };
            }

            if (measurement is not null) await stopping.CancelAsync();
        }
    }

    /// <summary>Publishes at a steady rate, each message on its own, and tells how long each took from the moment it was due.</summary>
    private static async Task<IReadOnlyList<double>> FollowAsync(
        ITransportLane lane, string topic, int bytes, TimeSpan duration, CancellationToken cancellationToken)
    {
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var milliseconds = new List<double>();
        var began = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var count = (int)(duration.TotalSeconds * PerSecond);
        var consuming = Stopped(lane.ConsumeAsync(topic, $"bench-{Guid.NewGuid():N}", HandleAsync, stopping.Token), stopping.Token);
        await Task.WhenAny(began.Task, consuming).WaitAsync(cancellationToken);

        var start = Stopwatch.GetTimestamp();
        var publishes = new List<Task>(count);
        for (var sent = 0; sent < count;)
        {
            var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * PerSecond));
            for (; sent < due; sent++) publishes.Add(lane.PublishAsync([Stamped(sent)], cancellationToken));
            await Task.Delay(1, cancellationToken);
        }

        await Task.WhenAll(publishes);
        await Task.WhenAny(ended.Task, consuming).WaitAsync(cancellationToken);
        await stopping.CancelAsync();
        await consuming;
        return milliseconds;

        OutgoingMessage Stamped(int index)
        {
            var body = new byte[bytes];
            BinaryPrimitives.WriteInt64LittleEndian(body, start + (index * Stopwatch.Frequency / PerSecond));
            return Create(topic, index, body);
        }

        Task HandleAsync(int partition, IReadOnlyList<ReadOnlyMemory<byte>> batch)
        {
            var now = Stopwatch.GetTimestamp();
            lock (milliseconds)
            {
                foreach (var body in batch)
                {
                    // What was published before for its own sake bears no time.
                    if (BinaryPrimitives.ReadInt64LittleEndian(body.Span) is var due and not 0)
                        milliseconds.Add(Stopwatch.GetElapsedTime(due, now).TotalMilliseconds);
                }

                if (milliseconds.Count >= count) ended.TrySetResult();
            }

            began.TrySetResult();
            return Task.CompletedTask;
        }
    }

    private static async Task Stopped(Task consuming, CancellationToken stopping)
    {
        try
        {
            await consuming;
        }
        catch (OperationCanceledException) when (stopping.IsCancellationRequested)
        {
            // The end that was asked for.
        }
    }

    private ITransport Connect(BrokerProcess broker) => transport == "kafka"
        ? new KafkaTransport(broker.Url, new KafkaTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System)
        : new JetStreamTransport(broker.Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    private static List<OutgoingMessage> Messages(string topic, int bytes, int count)
    {
        var body = new byte[bytes];
        return [.. Enumerable.Range(0, count).Select(index => Create(topic, index, body))];
    }

    private static OutgoingMessage Create(string topic, int index, byte[] body) => new(topic, new Message
    {
        Id = Message.NewId(),
        Type = "lab.measured.v1",
        Source = "/lab",
        Time = DateTimeOffset.UtcNow,
        PartitionKey = (index % Keys).ToString(CultureInfo.InvariantCulture),
        Body = body,
    });
}
