using Npgsql;

namespace PaymentProvider.Bank;

/// <summary>
/// One request in one transaction, alone with its reference: authorisation, capture and void of one reference never overlap.
/// </summary>
internal sealed class BankSession : IAsyncDisposable
{
    private readonly NpgsqlConnection _connection;
    private readonly NpgsqlTransaction _transaction;
    private readonly NpgsqlBatch _changes;
    private readonly string _reference;
    private readonly string _key;

    private BankSession(NpgsqlConnection connection, NpgsqlTransaction transaction, string reference, string key)
    {
        _connection = connection;
        _transaction = transaction;
        _changes = new NpgsqlBatch(connection, transaction);
        _reference = reference;
        _key = key;
    }

    /// <summary>Where the reference's latest authorisation stands; null when there never was one and it was not voided.</summary>
    public Authorization? Authorization { get; private set; }

    /// <summary>What was answered under the key before, and to which request; null when the key is new.</summary>
    public (Answer Answer, string Request)? Earlier { get; private set; }

    /// <summary>Begins, waits until no other request of the reference is under way, and reads what is known.</summary>
    public static async Task<BankSession> BeginAsync(NpgsqlDataSource database, string reference, string key, CancellationToken cancellationToken)
    {
        var connection = await database.OpenConnectionAsync(cancellationToken);
        try
        {
            var transaction = await connection.BeginTransactionAsync(cancellationToken);
            var session = new BankSession(connection, transaction, reference, key);
            await session.ReadAsync(cancellationToken);
            return session;
        }
        catch
        {
            await connection.DisposeAsync();
            throw;
        }
    }

    /// <summary>Appends to the ledger, when the answer is kept.</summary>
    public void Append(string kind, decimal amount, string currency) => Add(
        "insert into provider.ledger (reference, kind, amount, currency, idempotency_key) values ($1, $2, $3, $4, $5)",
        [_reference, kind, amount, currency, _key]);

    /// <summary>Says where the reference's authorisation stands once the answer is kept.</summary>
    public void Set(Authorization authorization) => Add(
        """
        insert into provider.authorizations (reference, state, amount, currency) values ($1, $2, $3, $4)
        on conflict (reference) do update set state = excluded.state, amount = excluded.amount, currency = excluded.currency
        """,
        [_reference, authorization.State, authorization.Amount, authorization.Currency]);

    /// <summary>Keeps the answer and what led to it, and commits, in one round trip.</summary>
    public async Task<Answer> AnswerAsync(Answer answer, string request, CancellationToken cancellationToken)
    {
        Add(
            "insert into provider.answers (idempotency_key, request, status, body) values ($1, $2, $3, $4)",
            [_key, request, answer.Status, answer.Body]);
        _changes.BatchCommands.Add(new NpgsqlBatchCommand("commit"));
        await _changes.ExecuteNonQueryAsync(cancellationToken);
        return answer;
    }

    /// <summary>Rolls back what was not committed.</summary>
    public async ValueTask DisposeAsync()
    {
        await _changes.DisposeAsync();
        await _transaction.DisposeAsync();
        await _connection.DisposeAsync();
    }

    private async Task ReadAsync(CancellationToken cancellationToken)
    {
        // One after another in one round trip; each statement sees what was committed before the lock was got.
        await using var batch = new NpgsqlBatch(_connection, _transaction)
        {
            BatchCommands =
            {
                new NpgsqlBatchCommand("select pg_advisory_xact_lock(hashtextextended($1, 0))") { Parameters = { new() { Value = _reference } } },
                new NpgsqlBatchCommand("select request, status, body from provider.answers where idempotency_key = $1")
                {
                    Parameters = { new() { Value = _key } },
                },
                new NpgsqlBatchCommand("select state, amount, currency from provider.authorizations where reference = $1")
                {
                    Parameters = { new() { Value = _reference } },
                },
            },
        };
        await using var reader = await batch.ExecuteReaderAsync(cancellationToken);
        await reader.NextResultAsync(cancellationToken);
        if (await reader.ReadAsync(cancellationToken))
            Earlier = (new Answer(reader.GetInt32(1), reader.GetString(2), Repeated: true), reader.GetString(0));
        await reader.NextResultAsync(cancellationToken);
        if (await reader.ReadAsync(cancellationToken))
            Authorization = new Authorization(reader.GetString(0), reader.GetDecimal(1), reader.GetString(2));
    }

    private void Add(string sql, object[] values)
    {
        var command = new NpgsqlBatchCommand(sql);
        foreach (var value in values)
            command.Parameters.Add(new NpgsqlParameter { Value = value });
        _changes.BatchCommands.Add(command);
    }
}

/// <summary>Where an authorisation stands.</summary>
/// <param name="State">One of <see cref="Entry"/>.</param>
/// <param name="Amount">How much; zero for a reference voided before it was authorised.</param>
/// <param name="Currency">ISO 4217 code; empty for a reference voided before it was authorised.</param>
internal sealed record Authorization(string State, decimal Amount, string Currency);

/// <summary>The kinds of ledger entries, and the states of an authorisation, as the tables spell them.</summary>
internal static class Entry
{
    public const string Authorized = "authorized";
    public const string Declined = "declined";
    public const string Captured = "captured";
    public const string Voided = "voided";
}
