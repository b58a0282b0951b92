using System.Text.Json;
using Lab.Benching.Relays;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Npgsql;

namespace Lab.Benching.Receiving;

/// <summary>A way to receive, measured with a backlog in the broker.</summary>
/// <param name="Name">What is done.</param>
/// <param name="Share">The share of the bench's messages that a round of it takes.</param>
/// <param name="MeasureAsync">Does it with so many messages.</param>
internal sealed record ReceiveScenario(string Name, double Share, Func<RelayStage, int, CancellationToken, Task<Measurement>> MeasureAsync)
{
    private const string InsertSql = """
        with entered as (insert into messaging.inbox (consumer, message_id) select $1, id::text from unnest($2::uuid[]) as id on conflict do nothing)
        insert into bookings (id, note) select id, $3 from unnest($2::uuid[]) as id
        """;

    /// <summary>The sizes of batch that are compared.</summary>
    public static IReadOnlyList<int> Batches { get; } = [1, 10, 100];

    public static IReadOnlyList<ReceiveScenario> All { get; } =
    [
        new("limit: consume through the port", 1, ConsumeAsync),
        new("limit: raw multi-row insert of inbox and business rows", 1, InsertAsync),
        .. from batch in Batches from inbox in (bool[])[true, false] select Receive(batch, inbox),
    ];

    public static string NameOf(int batch, bool inbox) => $"receive in batches of {batch}, {(inbox ? "with" : "without")} inbox";

    private static ReceiveScenario Receive(int batch, bool inbox) => new(
        NameOf(batch, inbox), batch switch { 1 => 0.2, 10 => 0.5, _ => 1 }, (stage, count, cancel) => ReceiveAsync(stage, batch, inbox, count, cancel));

    /// <summary>From a backlog in the broker until the effect of its last message is committed.</summary>
    private static async Task<Measurement> ReceiveAsync(RelayStage stage, int batch, bool inbox, int count, CancellationToken cancellationToken)
    {
        var backlog = new Backlog(count);
        var topic = await FillTopicAsync(stage, backlog.Total, cancellationToken);
        await using var database = await stage.CreateDatabaseAsync(cancellationToken);
        await using var service = await BenchService.StartAsync(
            database,
            new Dictionary<string, string>(StringComparer.Ordinal) { ["Transport"] = stage.Port.Name },
            messaging =>
            {
                messaging.AddTransport(stage.Port.Name, _ => new GatedTransport(stage.Port, expected: 0));
                messaging.Messages([new MessageDefinition("lab.measured.v1", topic, typeof(Measured), message => ((Measured)message).Id.ToString())]);
                messaging.Receive("bench.receiver", [topic], receiver =>
                {
                    receiver.Options.MaxBatch = batch;
                    receiver.Consumer<BookingHandler>();
                });
                messaging.Services.AddSingleton(backlog);
                if (!inbox) messaging.Services.Replace(ServiceDescriptor.Scoped<IReceiveStore, WithoutInbox>());
            },
            cancellationToken);
        await backlog.Warm.WaitAsync(cancellationToken);
        var meter = stage.StartMeter();
        await backlog.AllHandled.WaitAsync(cancellationToken);
        while (await CountAsync(database, cancellationToken) < backlog.Total)
            await Task.Delay(1, cancellationToken);
        return meter.Stop(count);
    }

    /// <summary>The same backlog through the port into a handler that does nothing.</summary>
    private static async Task<Measurement> ConsumeAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        var backlog = new Backlog(count);
        var topic = await FillTopicAsync(stage, backlog.Total, cancellationToken);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var consuming = stage.Port.ConsumeAsync(
            new Subscription(topic, "bench.limit"),
            (batch, _) =>
            {
                foreach (var delivery in batch.Deliveries)
                {
                    if (IncomingMessage.From(delivery).Message is not null) backlog.Handled();
                }

                return Task.CompletedTask;
            },
            enough.Token);
        await backlog.Warm.WaitAsync(cancellationToken);
        var meter = stage.StartMeter();
        await backlog.AllHandled.WaitAsync(cancellationToken);
        var measurement = meter.Stop(count);
        await enough.CancelAsync();
        await consuming;
        return measurement;
    }

    /// <summary>The rows that receiving writes, by hand: a hundred per transaction, four connections as there are partitions.</summary>
    private static async Task<Measurement> InsertAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync("table", 0, cancellationToken);
        var chunks = Enumerable.Range(0, count).Select(_ => Guid.CreateVersion7()).Chunk(Batches[^1]).ToArray();
        var next = -1;
        var meter = stage.StartMeter();
        await Task.WhenAll(Enumerable.Range(0, TopicDefinition.DefaultPartitions).Select(async _ =>
        {
            for (int index; (index = Interlocked.Increment(ref next)) < chunks.Length;)
            {
                await using var insert = database.Source.CreateCommand(InsertSql);
                insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "bench.receiver" });
                insert.Parameters.Add(new NpgsqlParameter<Guid[]> { TypedValue = chunks[index] });
                insert.Parameters.Add(new NpgsqlParameter<string> { TypedValue = "what a business writes down" });
                await insert.ExecuteNonQueryAsync(cancellationToken);
            }
        }));
        return meter.Stop(count);
    }

    /// <summary>A topic of its own with so many messages, each of a key of its own.</summary>
    private static async Task<string> FillTopicAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        var topic = $"bench{Guid.NewGuid():N}.measured";
        await stage.Port.EnsureTopicsAsync([new TopicDefinition(topic)], cancellationToken);
        foreach (var chunk in Enumerable.Range(0, count).Chunk(5_000))
        {
            var outcome = await stage.Port.PublishAsync([.. chunk.Select(_ => new OutgoingMessage(topic, MessageOf(new Measured(Guid.CreateVersion7()))))], cancellationToken);
            if (!outcome.Succeeded) throw new LabException(outcome.Failures[0].Cause.Message, outcome.Failures[0].Cause);
        }

        return topic;
    }

    private static Message MessageOf(Measured measured) => new()
    {
        Id = Message.NewId(),
        Type = "lab.measured.v1",
        Source = "/bench",
        Time = DateTimeOffset.UtcNow,
        PartitionKey = measured.Id.ToString(),
        Body = JsonSerializer.SerializeToUtf8Bytes(measured, MessageJson.Options),
    };

    private static async Task<long> CountAsync(BenchDatabase database, CancellationToken cancellationToken)
    {
        await using var command = database.Source.CreateCommand("select count(*) from bookings");
        return (long)(await command.ExecuteScalarAsync(cancellationToken))!;
    }
}
