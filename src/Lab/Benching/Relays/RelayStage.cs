using System.Globalization;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Lab.Benching.Relays;

/// <summary>What the measurements share: the servers and the transport.</summary>
/// <param name="servers">Broker and database.</param>
/// <param name="port">The broker's transport.</param>
internal sealed class RelayStage(BrokerProcess servers, ITransport port)
{
    /// <summary>The topic that drained messages go to.</summary>
    public const string Topic = "bench.drained";

    /// <summary>Size of a message's body.</summary>
    public const int BodyBytes = 256;

    /// <summary>The most messages in one transaction, of a relay and of the limits beside it: the relay's default.</summary>
    public const int Batch = 500;

    private const int Keys = 1_000;

    public BrokerProcess Servers => servers;

    public ITransport Port => port;

    public Task<BenchDatabase> CreateDatabaseAsync(CancellationToken cancellationToken) =>
        BenchDatabase.CreateAsync(servers.Database!, cancellationToken);

    /// <summary>Starts to measure this process, the broker and the database.</summary>
    public Meter StartMeter() => Meter.Start(servers.Process, servers.DatabaseProcess);

    /// <summary>A service with an outbox and no receivers.</summary>
    /// <param name="database">Its database.</param>
    /// <param name="transport">Where its relays publish to.</param>
    /// <param name="kind"><c>table</c> or whatever else <c>Outbox:Relay</c> takes.</param>
    /// <param name="relays">How many relays it runs.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static Task<BenchService> StartServiceAsync(
        BenchDatabase database, ITransport transport, string kind, int relays, CancellationToken cancellationToken) => BenchService.StartAsync(
            database,
            new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Transport"] = transport.Name,
                ["Outbox:Relay"] = kind,
                ["Outbox:Relays"] = relays.ToString(CultureInfo.InvariantCulture),
                ["Outbox:MaxBatch"] = Batch.ToString(CultureInfo.InvariantCulture),
                ["Outbox:WakeUp"] = "Local",
            },
            messaging => messaging.AddTransport(transport.Name, _ => transport),
            cancellationToken);

    /// <summary>A database with a full outbox, written as services write it.</summary>
    public async Task<BenchDatabase> FillAsync(string kind, int count, CancellationToken cancellationToken)
    {
        var database = await CreateDatabaseAsync(cancellationToken);
        await using var writer = await StartServiceAsync(database, new NullTransport(), kind, relays: 0, cancellationToken);
        foreach (var chunk in Messages(count).Chunk(Batch))
        {
            await writer.CommitAsync(
                services =>
                {
                    var outbox = services.GetRequiredService<Outbox>();
                    foreach (var message in chunk) outbox.Add(new OutboxEntry(message));
                },
                cancellationToken);
        }

        return database;
    }

    /// <summary>So many messages over a thousand keys.</summary>
    public static IReadOnlyList<OutgoingMessage> Messages(int count)
    {
        var body = new byte[BodyBytes];
        return [.. Enumerable.Range(0, count).Select(index => new OutgoingMessage(Topic, new Message
        {
            Id = Message.NewId(),
            Type = "lab.measured.v1",
            Source = "/bench",
            Time = DateTimeOffset.UtcNow,
            PartitionKey = (index % Keys).ToString(CultureInfo.InvariantCulture),
            Body = body,
        }))];
    }
}
