using System.Diagnostics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Npgsql;
using NpgsqlTypes;

namespace Lab.Benching.Relays;

/// <summary>Sixteen writers, each transaction a row of business data and a message; no relay runs.</summary>
internal static class BusinessTransactions
{
    private const int Writers = 16;
    private const string Note = "what a business writes down";

    /// <summary>As a service does it: EF Core, the scope's outbox, one commit.</summary>
    public static async Task<Measurement> OursAsync(RelayStage stage, string kind, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.CreateDatabaseAsync(cancellationToken);
        await using var service = await RelayStage.StartServiceAsync(database, new NullTransport(), kind, relays: 0, cancellationToken);
        return await MeasureAsync(stage, count, message => service.CommitAsync(
            services =>
            {
                services.GetRequiredService<BookingDb>().Add(new Booking { Id = Guid.CreateVersion7(), Note = Note });
                services.GetRequiredService<Outbox>().Add(new OutboxEntry(message));
            },
            cancellationToken));
    }

    /// <summary>The same two inserts by hand.</summary>
    public static async Task<Measurement> RawAsync(RelayStage stage, int count, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync("table", 0, cancellationToken);
        return await MeasureAsync(stage, count, message => WriteRawAsync(database, message, cancellationToken));
    }

    /// <summary>How long one by hand takes, one after the other: what no relay and no broker has a part in.</summary>
    public static async Task<LatencyRound> RawAloneAsync(RelayStage stage, int count, TimeSpan rest, CancellationToken cancellationToken)
    {
        await using var database = await stage.FillAsync("table", 0, cancellationToken);
        foreach (var message in RelayStage.Messages(Writers)) await WriteRawAsync(database, message, cancellationToken);
        var milliseconds = new List<double>(count);
        var meter = stage.StartMeter();
        foreach (var message in RelayStage.Messages(count))
        {
            var start = Stopwatch.GetTimestamp();
            await WriteRawAsync(database, message, cancellationToken);
            milliseconds.Add(Stopwatch.GetElapsedTime(start).TotalMilliseconds);
            await Task.Delay(rest, cancellationToken);
        }

        return new LatencyRound(milliseconds, meter.Stop(count));
    }

    private static async Task WriteRawAsync(BenchDatabase database, OutgoingMessage message, CancellationToken cancellationToken)
    {
        await using var connection = await database.Source.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var booking = new NpgsqlCommand("insert into bookings (id, note) values ($1, $2)", connection)
        {
            Parameters = { new NpgsqlParameter<Guid> { TypedValue = Guid.CreateVersion7() }, new NpgsqlParameter<string> { TypedValue = Note } },
        };
        await booking.ExecuteNonQueryAsync(cancellationToken);
        await using var outbox = new NpgsqlCommand("insert into messaging.outbox (lane, topic, attributes, body) values ($1, $2, $3, $4)", connection)
        {
            Parameters =
            {
                new NpgsqlParameter<short> { TypedValue = (short)Partitioner.PartitionOf(message.Message.PartitionKey, 16) },
                new NpgsqlParameter<string> { TypedValue = message.Topic },
                new NpgsqlParameter<string> { NpgsqlDbType = NpgsqlDbType.Jsonb, TypedValue = OutboxLimits.AttributesOf(message.Message) },
                new NpgsqlParameter<byte[]> { TypedValue = message.Message.Body.ToArray() },
            },
        };
        await outbox.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
    }

    private static async Task<Measurement> MeasureAsync(RelayStage stage, int count, Func<OutgoingMessage, Task> writeAsync)
    {
        var messages = RelayStage.Messages(count);
        foreach (var message in RelayStage.Messages(Writers)) await writeAsync(message); // opens the connections and compiles
        var next = -1;
        var meter = stage.StartMeter();
        await Task.WhenAll(Enumerable.Range(0, Writers).Select(async _ =>
        {
            for (int index; (index = Interlocked.Increment(ref next)) < count;) await writeAsync(messages[index]);
        }));
        return meter.Stop(count);
    }
}
