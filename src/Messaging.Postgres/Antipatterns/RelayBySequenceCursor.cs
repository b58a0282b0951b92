using Messaging.Antipatterns;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres.Antipatterns;

/// <summary>
/// A relay that remembers the last id it has published and asks for greater ones. Ids are drawn when rows are inserted and seen when
/// they are committed, in another order: what commits late is never asked for again.
/// </summary>
internal sealed partial class RelayBySequenceCursor(
    NpgsqlDataSource dataSource, ITransport transport, OutboxSignal signal, IOptions<OutboxOptions> options, TimeProvider time,
    ILogger<RelayBySequenceCursor> logger) : BackgroundService
{
    // Kept in the database, as such relays do: a cursor in memory would start over with each crash and find what it has missed.
    private const string CreateSql = """
        select pg_advisory_xact_lock(hashtext('messaging.relay_cursor'));
        create table if not exists messaging.relay_cursor (one bool primary key default true check (one), last_id bigint not null default 0);
        insert into messaging.relay_cursor default values on conflict do nothing
        """;

    private const string CursorSql = "select last_id from messaging.relay_cursor for update";

    // What was scheduled has an old id when its time comes: it is found by its token, as by another table of its own.
    private const string NextSql = """
        select id, lane, schedule_token, topic, attributes, body, ready_since from messaging.outbox
        where lane >= 0 and (id > $1 or schedule_token is not null) order by id limit $2
        """;

    private const string DoneSql = """
        with done as (delete from messaging.outbox where id = any($1))
        update messaging.relay_cursor set last_id = greatest(last_id, $2)
        """;

    public static Antipattern Antipattern { get; } = new(
        "relay-by-sequence-cursor",
        "a message whose transaction commits after one with a greater id was published is never published",
        services =>
        {
            services.Remove(services.Single(service => service.ImplementationType == typeof(OutboxRelay)));
            services.AddHostedService<RelayBySequenceCursor>();
        });

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var created = false;
        while (options.Value.Relays > 0 && !stoppingToken.IsCancellationRequested)
        {
            try
            {
                if (!created)
                    await CreateAsync(stoppingToken);
                created = true;
                if (!await PublishNextAsync(stoppingToken))
                    await signal.WaitForReadyAsync(options.Value.PollInterval, stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception exception) when (exception is NpgsqlException or TransportException)
            {
                LogFailing(exception.Message);
                await Task.Delay(RelayFailures.FirstPause, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private async Task CreateAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(CreateSql);
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    /// <summary>Publishes the rows after the cursor and moves it to the last of them. False when there were none.</summary>
    private async Task<bool> PublishNextAsync(CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        await using var cursor = new NpgsqlCommand(CursorSql, connection);
        var rows = await ReadAsync(connection, (long)(await cursor.ExecuteScalarAsync(cancellationToken))!, cancellationToken);
        if (rows.Count == 0)
            return false;

        OutgoingMessage[] messages = [.. rows.Select(row => row.TryRead(out var message, out _) ? message : null).OfType<OutgoingMessage>()];
        if ((await transport.PublishAsync(messages, cancellationToken)).Failures is [var failure, ..])
            throw new TransportException(failure.Cause.Message, failure.Cause);

        await using var done = new NpgsqlCommand(DoneSql, connection)
        {
            Parameters = { new NpgsqlParameter<long[]> { TypedValue = [.. rows.Select(row => row.Id)] }, new() { Value = rows[^1].Id } },
        };
        await done.ExecuteNonQueryAsync(cancellationToken);
        await transaction.CommitAsync(cancellationToken);
        return true;
    }

    private async Task<IReadOnlyList<OutboxRow>> ReadAsync(NpgsqlConnection connection, long cursor, CancellationToken cancellationToken)
    {
        await using var next = new NpgsqlCommand(NextSql, connection) { Parameters = { new() { Value = cursor }, new() { Value = options.Value.MaxBatch } } };
        await using var reader = await next.ExecuteReaderAsync(cancellationToken);
        var rows = new List<OutboxRow>();
        while (await reader.ReadAsync(cancellationToken))
        {
            rows.Add(new OutboxRow(
                reader.GetInt64(0), reader.GetInt16(1), reader.GetValue(2) as Guid?, reader.GetString(3),
                await reader.GetFieldValueAsync<byte[]>(4, cancellationToken), await reader.GetFieldValueAsync<byte[]>(5, cancellationToken),
                reader.GetDateTime(6)));
        }

        return rows;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The outbox relay cannot publish and keeps trying: {Reason}")]
    private partial void LogFailing(string reason);
}
