using System.Text.Json;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Npgsql;
using NpgsqlTypes;
using Shared.Contracts;

namespace Orders.ReadingOrders;

/// <summary>
/// What a batch of events changes in the order views, gathered and then written by one statement. Not thread-safe.
/// Partitions of three topics write to the same rows side by side, so a change is one that commutes (the further state wins,
/// the timeline grows) and the rows are taken in the order of their ids: writers neither deadlock nor overwrite each other.
/// </summary>
internal sealed class OrderViewChanges
{
    // The order of "insert … select … order by" is the order in which conflicting rows are locked.
    private const string Upsert = """
        insert into orders.order_views as v
          (order_id, state, progress, customer_id, lines, amount, currency, placed_at, reason, timeline)
        select order_id, state, progress, customer_id, lines, amount, currency, placed_at, reason, timeline
        from jsonb_to_recordset(@changes) as c(
          order_id uuid, state text, progress int, customer_id text, lines jsonb, amount numeric, currency text,
          placed_at timestamptz, reason text, timeline jsonb)
        order by order_id
        on conflict (order_id) do update set
          state = case when excluded.progress > v.progress then excluded.state else v.state end,
          reason = case when excluded.progress > v.progress then excluded.reason else v.reason end,
          progress = greatest(v.progress, excluded.progress),
          customer_id = coalesce(v.customer_id, excluded.customer_id),
          lines = coalesce(v.lines, excluded.lines),
          amount = coalesce(v.amount, excluded.amount),
          currency = coalesce(v.currency, excluded.currency),
          placed_at = coalesce(v.placed_at, excluded.placed_at),
          timeline = v.timeline || excluded.timeline
        """;

    private static readonly string UpsertInBatch = Upsert.Replace("@changes", "$1", StringComparison.Ordinal);

    private static readonly JsonSerializerOptions SnakeCase = new(JsonSerializerOptions.Web)
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
    };

    private readonly Dictionary<Guid, Change> _changes = [];

    /// <summary>An order was placed.</summary>
    public void Place(OrderPlaced placed)
    {
        var change = Add(placed.OrderId, new TimelineEntry(placed.PlacedAt, "order-placed"), OrderStates.Placed);
        change.CustomerId = placed.CustomerId;
        change.Lines = Web(placed.Lines);
        change.Amount = placed.Amount;
        change.Currency = placed.Currency;
        change.PlacedAt = placed.PlacedAt;
    }

    /// <summary>Something happened to an order.</summary>
    /// <param name="orderId">The order.</param>
    /// <param name="entry">What happened.</param>
    /// <param name="state">The state it is at least in.</param>
    public Change Add(Guid orderId, TimelineEntry entry, string state)
    {
        if (!_changes.TryGetValue(orderId, out var change))
            _changes.Add(orderId, change = new Change { OrderId = orderId, State = state });
        change.Timeline.Add(Web(entry));
        if (OrderStates.ProgressOf(state) > change.Progress)
            change.State = state;
        if (OrderStates.IsEnd(state))
            change.Reason ??= entry.Detail;
        return change;
    }

    /// <summary>Writes everything that was gathered, in the current transaction, and forgets it.</summary>
    /// <returns>How many rows were written.</returns>
    public async Task<int> WriteAsync(DatabaseFacade database, CancellationToken cancellationToken)
    {
        if (_changes.Count == 0)
            return 0;
        var rows = await database.ExecuteSqlRawAsync(Upsert, [Parameter("changes")], cancellationToken);
        _changes.Clear();
        return rows;
    }

    /// <summary>The same as a part of a batch.</summary>
    public void Write(NpgsqlBatch batch)
    {
        if (_changes.Count == 0)
            return;
        batch.BatchCommands.Add(new NpgsqlBatchCommand(UpsertInBatch) { Parameters = { Parameter("") } });
        _changes.Clear();
    }

    private NpgsqlParameter Parameter(string name) => new(name, NpgsqlDbType.Jsonb) { Value = JsonSerializer.Serialize(_changes.Values, SnakeCase) };

    /// <summary>Columns of jsonb keep the names that the API uses.</summary>
    private static JsonElement Web<T>(T value) => JsonSerializer.SerializeToElement(value, JsonSerializerOptions.Web);

    /// <summary>What changes in one order's view; the properties are the table's columns.</summary>
    internal sealed class Change
    {
        public required Guid OrderId { get; init; }

        public required string State { get; set; }

        public int Progress => OrderStates.ProgressOf(State);

        public string? CustomerId { get; set; }

        public JsonElement? Lines { get; set; }

        public decimal? Amount { get; set; }

        public string? Currency { get; set; }

        public DateTimeOffset? PlacedAt { get; set; }

        public string? Reason { get; set; }

        public List<JsonElement> Timeline { get; } = [];
    }
}
