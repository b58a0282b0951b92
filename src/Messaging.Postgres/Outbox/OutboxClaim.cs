using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Rows in one relay's hands: deleted in a transaction that is not committed yet and that holds the locks of their lanes.
/// <see cref="CommitAsync"/> once the broker has them; disposing without it, or losing the session in any way, puts all of them
/// back as they were and frees the lanes.
/// </summary>
internal sealed class OutboxClaim(
    NpgsqlConnection connection, NpgsqlTransaction transaction, NpgsqlBatch commit, IReadOnlyList<OutboxRow> rows, int maxRows, int maxLanes)
    : IAsyncDisposable
{
    /// <summary>The rows, in the order in which they are to be published. Empty when there is nothing to do.</summary>
    public IReadOnlyList<OutboxRow> Rows => rows;

    /// <summary>There may be more that another relay could take at once.</summary>
    public bool LeavesSome => rows.Count >= maxRows || rows.DistinctBy(row => row.Lane).Count() >= maxLanes;

    /// <summary>Puts back rows that the broker did not take.</summary>
    public Task PutBackAsync(IReadOnlyList<OutboxRow> refused, CancellationToken cancellationToken) =>
        OutboxTable.PutBackAsync(connection, refused, cancellationToken);

    /// <summary>Moves a row that can never be published to the parked messages.</summary>
    public Task ParkAsync(ParkedMessage message, CancellationToken cancellationToken) =>
        ParkedTable.InsertAsync(connection, [message], cancellationToken);

    /// <summary>Makes it final, and looks whether there is anything to publish now, in one round trip.</summary>
    public async Task<bool> CommitAsync(CancellationToken cancellationToken)
    {
        await using var reader = await commit.ExecuteReaderAsync(cancellationToken); // A commit has no result.
        return await reader.ReadAsync(cancellationToken) && reader.GetBoolean(0);
    }

    public ValueTask DisposeAsync() => transaction.DisposeAsync();
}
