using Npgsql;

namespace PaymentProvider.Bank;

/// <summary>
/// <c>GET /ledger</c>: everything that happened to money, page by page. What is being written while a page is read may turn up
/// before its end later; read when the bank is quiet, or read again, for the full account.
/// </summary>
internal static class LedgerEndpoint
{
    private const int DefaultLimit = 1000;
    private const int MaxLimit = 10_000;

    public static void MapLedger(this IEndpointRouteBuilder routes) =>
        routes.MapGet("/ledger", ReadAsync).WithName("ReadLedger").WithSummary("Everything that happened to money, the oldest first.");

    private static async Task<LedgerPage> ReadAsync(
        NpgsqlDataSource database, CancellationToken cancellationToken, long after = 0, int limit = DefaultLimit)
    {
        limit = Math.Clamp(limit, 1, MaxLimit);
        await using var command = database.CreateCommand(
            """
            select sequence, reference, kind, amount, currency, at, idempotency_key from provider.ledger
            where sequence > $1 order by sequence limit $2
            """);
        command.Parameters.Add(new NpgsqlParameter { Value = after });
        command.Parameters.Add(new NpgsqlParameter { Value = limit });
        var entries = new List<LedgerEntry>();
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        while (await reader.ReadAsync(cancellationToken))
        {
            entries.Add(new LedgerEntry(
                reader.GetInt64(0), reader.GetString(1), reader.GetString(2), reader.GetDecimal(3), reader.GetString(4),
                await reader.GetFieldValueAsync<DateTimeOffset>(5, cancellationToken), reader.GetString(6)));
        }

        return new LedgerPage(entries, entries.Count == limit ? entries[^1].Sequence : null);
    }
}

/// <summary>A page of the ledger.</summary>
/// <param name="Entries">The oldest first.</param>
/// <param name="Next">Give it as <c>after</c> to get the next page; null when this is the last.</param>
internal sealed record LedgerPage(IReadOnlyList<LedgerEntry> Entries, long? Next);

/// <summary>Something that happened to money.</summary>
internal sealed record LedgerEntry(
    long Sequence, string Reference, string Kind, decimal Amount, string Currency, DateTimeOffset At, string IdempotencyKey);
