using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// Redrives and discards parked messages for an operator. The messages are chosen once, at the beginning, and taken in steps, each
/// a short transaction of its own: what fails or arrives meanwhile is not touched, and of two operators who choose the same message
/// one gets it. Thread-safe.
/// </summary>
internal sealed partial class ParkedMessageOperations(
    NpgsqlDataSource dataSource, IServiceScopeFactory scopes, ParkedSignal signal, ILogger<ParkedMessageOperations> logger)
{
    /// <summary>The most of a group that one call takes.</summary>
    private const int MostSelected = 100_000;

    /// <summary>How many messages a transaction takes at most.</summary>
    private const int Step = 200;

    /// <summary>The same for those the broker refused: their bodies, large ones, pass through this process.</summary>
    private const int RefusedStep = 10;

    private const string RefusedByBroker = "refused by the broker";

    // The state that counts is "dead"; what the broker refused waits for nobody, whichever state it is in.
    private const string ChooseSql = """
        with chosen as materialized (
          select parked_id from messaging.parked
          where consumer = $1 and cause_group = $2 and ($3 is null or type = $3) and ($4 is null or parked_id <= $4)
            and (state = 'dead' or consumer = 'outbox'))
        select parked_id, (select count(*) from chosen) from chosen order by parked_id limit $5
        """;

    private const string RedriveSql = $"""
        with redriven as (
          update messaging.parked p
          set state = 'parked', retries = 0, history = p.history || jsonb_build_object('at', clock_timestamp(), 'what', 'redriven')
          where p.parked_id = any($2) and p.state = 'dead' and p.consumer <> '{OutboxRelay.Consumer}'
          returning p.parked_id, p.consumer, p.queue
        ), woken as (
          update messaging.parked_queues q set due = clock_timestamp()
          from redriven r
          where q.consumer = r.consumer and q.queue = r.queue
        )
        select p.parked_id, case
          when p.consumer = '{OutboxRelay.Consumer}' then '{RefusedByBroker}'
          when r.parked_id is not null then '{Outcomes.Redriven}'
          when p.parked_id = any($2) then '{Outcomes.Waiting}'
          else '{Outcomes.Busy}' end
        from messaging.parked p
        left join redriven r using (parked_id)
        where p.parked_id = any($1)
        """;

    private const string PresentSql = "select parked_id from messaging.parked where parked_id = any($1)";

    /// <summary>Tries dead messages again, each with the ones that wait behind it.</summary>
    public Task<OperationReport> RedriveAsync(ParkedSelection selection, CancellationToken cancellationToken) =>
        OperateAsync("Redrive", selection, RedriveStepAsync, cancellationToken);

    /// <summary>Removes messages for good and lets the ones behind them move up.</summary>
    public Task<OperationReport> DiscardAsync(ParkedSelection selection, CancellationToken cancellationToken) =>
        OperateAsync("Discard", selection, DiscardStepAsync, cancellationToken);

    private async Task<OperationReport> OperateAsync(
        string what,
        ParkedSelection selection,
        Func<long[], Dictionary<long, string>, CancellationToken, Task> step,
        CancellationToken cancellationToken)
    {
        var (chosen, all) = selection.Group is { } group
            ? await ChooseAsync(group, selection.UpTo, cancellationToken)
            : ([.. selection.Ids!.Distinct().Order()], selection.Ids!.Count);
        var outcomes = chosen.ToDictionary(id => id, _ => Outcomes.Gone);
        foreach (var ids in chosen.Chunk(Step))
            await step(ids, outcomes, cancellationToken);

        var counts = outcomes.Values.CountBy(outcome => outcome, StringComparer.Ordinal).ToDictionary(StringComparer.Ordinal);
        LogOperated(what, chosen.Count, string.Join(", ", counts.Select(count => $"{count.Value} {count.Key}")));
        return new OperationReport(
            chosen.Count, Math.Max(0, all - chosen.Count), counts, [.. chosen.Select(id => new MessageOutcome(id, outcomes[id]))]);
    }

    private async Task<(IReadOnlyList<long> Ids, long All)> ChooseAsync(ParkedGroup group, long? upTo, CancellationToken cancellationToken)
    {
        await using var command = dataSource.CreateCommand(ChooseSql);
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = group.Consumer });
        command.Parameters.Add(new NpgsqlParameter<string> { TypedValue = group.Cause });
        command.Parameters.Add(new() { Value = (object?)group.Type ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text });
        command.Parameters.Add(new() { Value = (object?)upTo ?? DBNull.Value, NpgsqlDbType = NpgsqlDbType.Bigint });
        command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = MostSelected });

        var ids = new List<long>();
        var all = 0L;
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            ids.Add(reader.GetInt64(0));
            all = reader.GetInt64(1);
        }

        return (ids, all);
    }

    private async Task RedriveStepAsync(long[] ids, Dictionary<long, string> outcomes, CancellationToken cancellationToken)
    {
        await using (var connection = await dataSource.OpenConnectionAsync(cancellationToken))
        {
            await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var held = await QueueLock.TakeAsync(connection, ids, cancellationToken);
            await using (var redrive = new NpgsqlCommand(RedriveSql, connection)
            {
                Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids }, new NpgsqlParameter<long[]> { TypedValue = held } },
            })
            await using (var reader = await redrive.ExecuteReaderAsync(cancellationToken))
            {
                while (await reader.ReadAsync(cancellationToken))
                    outcomes[reader.GetInt64(0)] = reader.GetString(1);
            }

            await transaction.CommitAsync(cancellationToken);
            signal.Set();
        }

        foreach (var refused in ids.Where(id => outcomes[id] == RefusedByBroker).Chunk(RefusedStep))
            await SendAgainAsync(refused, outcomes, cancellationToken);
    }

    /// <summary>What the broker refused goes into the outbox again.</summary>
    private async Task SendAgainAsync(long[] ids, Dictionary<long, string> outcomes, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<PostgresStore>();
        await using var transaction = await store.Db.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)transaction.GetDbTransaction().Connection!;
        var held = await QueueLock.TakeToRemoveAsync(connection, ids, cancellationToken);
        await MarkPresentAsync(connection, ids, outcomes, cancellationToken);
        foreach (var (id, outcome) in await RefusedMessages.MoveToOutboxAsync(
            connection, scope.ServiceProvider.GetRequiredService<Outbox>(), held, body: null, cancellationToken))
            outcomes[id] = outcome;
        await store.CommitAsync(cancellationToken);
    }

    private async Task DiscardStepAsync(long[] ids, Dictionary<long, string> outcomes, CancellationToken cancellationToken)
    {
        await using var connection = await dataSource.OpenConnectionAsync(cancellationToken);
        await using var transaction = await connection.BeginTransactionAsync(cancellationToken);
        var held = await QueueLock.TakeToRemoveAsync(connection, ids, cancellationToken);
        await MarkPresentAsync(connection, ids, outcomes, cancellationToken);
        foreach (var id in await QueueLock.RemoveAsync(connection, held, cancellationToken))
            outcomes[id] = Outcomes.Discarded;
        await transaction.CommitAsync(cancellationToken);
        signal.Set();
    }

    /// <summary>Until more is known: what is there is in somebody's hands, what is not is gone.</summary>
    private static async Task MarkPresentAsync(
        NpgsqlConnection connection, long[] ids, Dictionary<long, string> outcomes, CancellationToken cancellationToken)
    {
        foreach (var id in ids)
            outcomes[id] = Outcomes.Gone;
        await using var command = new NpgsqlCommand(PresentSql, connection) { Parameters = { new NpgsqlParameter<long[]> { TypedValue = ids } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
            outcomes[reader.GetInt64(0)] = Outcomes.Busy;
    }

    [LoggerMessage(LogLevel.Information, "{What} of {Count} parked messages: {Outcomes}")]
    private partial void LogOperated(string what, int count, string outcomes);
}
