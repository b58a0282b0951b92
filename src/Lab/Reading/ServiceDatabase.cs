using Lab.Checking;
using Lab.History;
using Npgsql;

namespace Lab.Reading;

/// <summary>Reads what one service keeps, past the service itself.</summary>
internal sealed class ServiceDatabase(string connectionString, Patience patience) : IAsyncDisposable
{
    // A service without messages tells the server once a second how far it has read.
    private const int MostLooks = 30;

    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(100);

    private readonly NpgsqlDataSource _source = NpgsqlDataSource.Create(connectionString);

    public Task<IReadOnlyList<OrderRow>> OrdersAsync(CancellationToken cancellationToken) => ReadAsync(
        """
        SELECT o.order_id, o.state, f.state, o.amount, o.currency
        FROM orders.orders o LEFT JOIN orders.fulfilments f USING (order_id)
        """,
        row => new OrderRow(row.GetGuid(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetDecimal(3), row.GetString(4)),
        cancellationToken);

    /// <summary>The orders of the read model, and what it was told of each, in the order in which it was told: the API sorts by time.</summary>
    public Task<IReadOnlyList<(Guid OrderId, string State, string[] Told)>> OrderViewsAsync(CancellationToken cancellationToken) => ReadAsync(
        """
        SELECT order_id, state, array(SELECT entry->>'what' FROM jsonb_array_elements(timeline) WITH ORDINALITY AS told (entry, place) ORDER BY place)
        FROM orders.order_views
        """,
        row => (row.GetGuid(0), row.GetString(1), row.GetFieldValue<string[]>(2)),
        cancellationToken);

    public Task<IReadOnlyList<StockRow>> StockAsync(CancellationToken cancellationToken) => ReadAsync(
        "SELECT sku, initial_on_hand, on_hand, reserved, committed FROM inventory.stock ORDER BY sku",
        row => new StockRow(row.GetString(0), row.GetInt32(1), row.GetInt32(2), row.GetInt32(3), row.GetInt32(4)),
        cancellationToken);

    public Task<IReadOnlyList<StockMovement>> MovementsAsync(CancellationToken cancellationToken) => ReadAsync(
        "SELECT movement_id, order_id, sku, kind, quantity, at FROM inventory.movements ORDER BY movement_id",
        row => new StockMovement(
            row.GetInt64(0), row.GetGuid(1), row.GetString(2), row.GetString(3), row.GetInt32(4), row.GetFieldValue<DateTimeOffset>(5)),
        cancellationToken);

    public Task<IReadOnlyList<PaymentRow>> PaymentsAsync(CancellationToken cancellationToken) => ReadAsync(
        "SELECT order_id, state FROM payments.payments",
        row => new PaymentRow(row.GetGuid(0), row.GetString(1)),
        cancellationToken);

    /// <summary>
    /// The rows of the outbox, those with a future due time included, and every message set aside. Where messages wait in the
    /// write-ahead log, it counts as one row when the service does not come to the end of what was written before the question.
    /// </summary>
    public async Task<Backlog> BacklogAsync(string service, CancellationToken cancellationToken)
    {
        var outbox = await ReadAsync("SELECT count(*) FROM messaging.outbox", row => row.GetInt64(0), cancellationToken);
        var log = await CountUnreadLogsAsync(cancellationToken);
        var parked = await ReadAsync(
            "SELECT consumer, message_id::text, type, key, state, cause, attempts FROM messaging.parked ORDER BY parked_id",
            row => new ParkedMessage(
                row.GetString(0), Text(row, 1), Text(row, 2), Text(row, 3), row.GetString(4), row.IsDBNull(5) ? null : row.GetString(5), row.GetInt32(6)),
            cancellationToken);
        return new Backlog(service, outbox[0] + log, parked);
    }

    /// <summary>What the read model tells of each order, and when it happened.</summary>
    public Task<IReadOnlyList<(Guid OrderId, TimelineEntry Entry)>> TimelinesAsync(CancellationToken cancellationToken) => ReadAsync(
        "SELECT order_id, (entry->>'at')::timestamptz, entry->>'what' FROM orders.order_views, jsonb_array_elements(timeline) AS told (entry)",
        row => (row.GetGuid(0), new TimelineEntry(row.GetFieldValue<DateTimeOffset>(1), row.GetString(2))),
        cancellationToken);

    /// <summary>Which consumer has taken in which message, and when the transaction began that did.</summary>
    public Task<IReadOnlyList<InboxRow>> InboxAsync(CancellationToken cancellationToken)
    {
        var consumers = new Dictionary<string, string>(StringComparer.Ordinal); // A few names, on very many rows.
        return ReadAsync(
            "SELECT consumer, message_id, received_at FROM messaging.inbox",
            row =>
            {
                var consumer = row.GetString(0);
                if (!consumers.TryAdd(consumer, consumer)) consumer = consumers[consumer];
                return new InboxRow(consumer, row.GetString(1), row.GetFieldValue<DateTimeOffset>(2));
            },
            cancellationToken);
    }

    /// <summary>The messages set aside, to be retried or dead.</summary>
    public Task<IReadOnlyList<ParkedRow>> ParkedAsync(CancellationToken cancellationToken) => ReadAsync(
        "SELECT consumer, message_id, type, key, state, cause, parked_at FROM messaging.parked",
        row => new ParkedRow(
            row.GetString(0), row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.IsDBNull(3) ? null : row.GetString(3),
            row.GetString(4), row.GetString(5), row.GetFieldValue<DateTimeOffset>(6)),
        cancellationToken);

    /// <summary>The replication slots, of which a service has one or none, that are not past what is written now, and not soon either.</summary>
    private async Task<long> CountUnreadLogsAsync(CancellationToken cancellationToken)
    {
        var end = await ReadAsync("SELECT pg_current_wal_lsn()::text", row => row.GetString(0), cancellationToken);
        for (var looks = 0; ; looks++)
        {
            var unread = await ReadAsync(
                $"SELECT count(*) FROM pg_replication_slots WHERE database = current_database() AND confirmed_flush_lsn < '{end[0]}'",
                row => row.GetInt64(0),
                cancellationToken);
            if (unread[0] == 0 || looks == MostLooks)
                return unread[0];
            await Task.Delay(Look, cancellationToken);
        }
    }

    public Task<string> VersionAsync(CancellationToken cancellationToken) => patience.KeepTryingAsync(
        "asking PostgreSQL for its version",
        async cancel =>
        {
            await using var connection = await _source.OpenConnectionAsync(cancel);
            return connection.PostgreSqlVersion.ToString();
        },
        cancellationToken);

    public ValueTask DisposeAsync() => _source.DisposeAsync();

    // A message that could not be read may have no id, type or key.
    private static string Text(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? "?" : row.GetString(column);

    private Task<IReadOnlyList<T>> ReadAsync<T>(string sql, Func<NpgsqlDataReader, T> read, CancellationToken cancellationToken) =>
        patience.KeepTryingAsync(
            $"reading {_source.ConnectionString.Split(';').FirstOrDefault(part => part.StartsWith("Database=", StringComparison.OrdinalIgnoreCase))}",
            async cancel =>
            {
                await using var command = _source.CreateCommand(sql);
                await using var reader = await command.ExecuteReaderAsync(cancel);
                var rows = new List<T>();
                while (await reader.ReadAsync(cancel)) rows.Add(read(reader));
                return (IReadOnlyList<T>)rows;
            },
            cancellationToken);
}
