using System.Text.Json;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>Reads the parked messages for an operator. Thread-safe.</summary>
internal sealed class ParkedMessageQueries(NpgsqlDataSource dataSource)
{
    private const string SummaryColumns =
        "p.parked_id, p.consumer, p.message_id, p.topic, p.type, p.key, p.state, p.cause, p.attempts, p.parked_at, q.due";

    private const string ListSql = $"""
        select {SummaryColumns}
        from messaging.parked p
        left join messaging.parked_queues q using (consumer, queue)
        where p.parked_id > $1
          and ($2 is null or p.consumer = $2)
          and ($3 is null or p.type = $3)
          and ($4 is null or p.key = $4)
          and ($5 is null or p.cause_group = $5)
          and ($6 is null or p.state = $6)
        order by p.parked_id
        limit $7
        """;

    private const string CausesSql = """
        select consumer, type, cause_group, state, count(*), min(parked_at), max(parked_at), max(parked_id)
        from messaging.parked
        group by consumer, type, cause_group, state
        order by count(*) desc, max(parked_id) desc
        limit 1000
        """;

    private const string FindSql = $"""
        select {SummaryColumns}, p.cause_group, p.detail, p.partition, p.position, p.retries,
          (select count(*) from messaging.parked o where o.consumer = p.consumer and o.queue = p.queue and o.parked_id < p.parked_id),
          (select count(*) from messaging.parked o where o.consumer = p.consumer and o.queue = p.queue and o.parked_id > p.parked_id),
          p.attributes, p.body, p.history, jsonb_array_length(p.history)
        from messaging.parked p
        left join messaging.parked_queues q using (consumer, queue)
        where p.parked_id = $1
        """;

    /// <summary>A page of what a filter lets through.</summary>
    public async Task<ParkedPage> ListAsync(ParkedFilter filter, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(ListSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = filter.After });
        foreach (var value in new[] { filter.Consumer, filter.Type, filter.Key is { } key ? StoredText.Name(key) : null, filter.Cause, filter.State })
            command.Parameters.Add(new() { Value = (object?)value ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = filter.Limit });

        var page = new List<ParkedSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            page.Add(ReadSummary(reader));
        return new ParkedPage(page, page.Count == filter.Limit ? page[^1].Id : null);
    }

    /// <summary>What the parked messages died or wait of.</summary>
    public async Task<CauseList> CausesAsync(CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(CausesSql);
        var groups = new List<CauseSummary>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            groups.Add(ReadGroup(reader));
        return new CauseList(groups);
    }

    /// <summary>Everything about one; null when there is none.</summary>
    public async Task<ParkedDetail?> FindAsync(long id, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(FindSql);
        command.Parameters.Add(new NpgsqlParameter<long> { TypedValue = id });
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? ReadDetail(reader) : null;
    }

    private static CauseSummary ReadGroup(NpgsqlDataReader row) => new(
        row.GetString(0),
        Nullable<string>(row, 1),
        row.GetString(2),
        row.GetString(3),
        row.GetInt64(4),
        row.GetFieldValue<DateTimeOffset>(5),
        row.GetFieldValue<DateTimeOffset>(6),
        row.GetInt64(7));

    private static ParkedDetail ReadDetail(NpgsqlDataReader row)
    {
        var body = row.GetFieldValue<byte[]>(19);
        var json = TryParse(body);
        return new ParkedDetail(
            ReadSummary(row),
            Group: row.GetString(11),
            Detail: Nullable<string>(row, 12),
            Partition: Nullable<int?>(row, 13),
            Position: Nullable<long?>(row, 14),
            Retries: row.GetInt32(15),
            Ahead: row.GetInt64(16),
            Behind: row.GetInt64(17),
            Version: row.GetInt32(21),
            Attributes: JsonElement.Parse(row.GetString(18)),
            json,
            BodyBase64: json is null ? Convert.ToBase64String(body) : null,
            History: JsonElement.Parse(row.GetString(20)));
    }

    private static ParkedSummary ReadSummary(NpgsqlDataReader row) => new(
        row.GetInt64(0),
        row.GetString(1),
        row.GetString(2),
        row.GetString(3),
        Nullable<string>(row, 4),
        Nullable<string>(row, 5),
        row.GetString(6),
        row.GetString(7),
        row.GetInt32(8),
        row.GetFieldValue<DateTimeOffset>(9),
        Nullable<DateTimeOffset?>(row, 10));

    private static T? Nullable<T>(NpgsqlDataReader row, int column) => row.IsDBNull(column) ? default : row.GetFieldValue<T>(column);

    private static JsonElement? TryParse(byte[] body)
    {
        try
        {
            return JsonElement.Parse(body);
        }
        catch (JsonException)
        {
            return null; // It is shown in base64.
        }
    }
}
