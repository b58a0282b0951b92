using System.Diagnostics.CodeAnalysis;
using System.Text;
using System.Text.Json;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// Gives a dead message another body and tries it again, in one update of its one row: there is no moment at which both exist,
/// and nobody can have the one and then the other. Thread-safe.
/// </summary>
internal sealed partial class ParkedMessageEditing(
    MessageCatalog catalog, IServiceScopeFactory scopes, ParkedSignal signal, ILogger<ParkedMessageEditing> logger)
{
    private const string ReadSql =
        "select consumer, type, key, state, jsonb_array_length(history) from messaging.parked where parked_id = $1";

    private const string EditSql = """
        with edited as (
          update messaging.parked
          set body = $2, state = 'parked', retries = 0,
            history = history || jsonb_build_object(
              'at', clock_timestamp(), 'what', 'edited', 'body', translate(encode(body, 'base64'), E'\n', ''))
          where parked_id = $1
          returning consumer, queue
        )
        update messaging.parked_queues q set due = clock_timestamp()
        from edited e
        where q.consumer = e.consumer and q.queue = e.queue
        """;

    /// <summary>Does it.</summary>
    /// <param name="id">The message.</param>
    /// <param name="edit">Its new body.</param>
    /// <param name="cancellationToken">Gives up; nothing has changed then.</param>
    /// <returns>Why not; null when it is done.</returns>
    public async Task<EditRefusal?> EditAsync(long id, ParkedEdit edit, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var store = scope.ServiceProvider.GetRequiredService<PostgresStore>();
        await using var transaction = await store.Db.Database.BeginTransactionAsync(cancellationToken);
        var connection = (NpgsqlConnection)transaction.GetDbTransaction().Connection!;
        // To remove, for what the broker refused moves back to the outbox.
        var held = await QueueLock.TakeToRemoveAsync(connection, [id], cancellationToken);
        if (await ReadAsync(connection, id, cancellationToken) is not { } message)
            return new EditRefusal(OperatingProblems.MessageNotFound);
        if (held.Length == 0)
            return new EditRefusal(OperatingProblems.MessageBusy);
        if (FindRefusal(message, edit) is { } refusal)
            return refusal;

        var body = Encoding.UTF8.GetBytes(edit.Body.GetRawText());
        if (message.Consumer == OutboxRelay.Consumer)
            await RefusedMessages.MoveToOutboxAsync(connection, scope.ServiceProvider.GetRequiredService<Outbox>(), held, body, cancellationToken);
        else
            await ReplaceAsync(connection, id, body, cancellationToken);
        await store.CommitAsync(cancellationToken);
        signal.Set();
        LogEdited(id, message.Consumer);
        return null;
    }

    private EditRefusal? FindRefusal(EditedMessage message, ParkedEdit edit)
    {
        if (message.State != "dead" && message.Consumer != OutboxRelay.Consumer)
            return new EditRefusal(OperatingProblems.MessageNotDead);
        if (edit.Version is { } version && version != message.Version)
            return new EditRefusal(OperatingProblems.MessageChanged, $"It is at version {message.Version}, not {version}.");
        return Fits(message, edit.Body, out var why) ? null : new EditRefusal(OperatingProblems.UnfitBody, why);
    }

    /// <summary>Whether the message could have been sent with this body: it is of the message's type and belongs to its key.</summary>
    private bool Fits(EditedMessage message, JsonElement body, [NotNullWhen(false)] out string? why)
    {
        why = null;
        if (message.Type is null || !catalog.TryFind(message.Type, out var definition))
        {
            why = $"What a message of type '{message.Type ?? "?"}' must look like is not known here.";
        }
        else if (body.ValueKind is not JsonValueKind.Object)
        {
            why = "The body of a message is a JSON object.";
        }
        else
        {
            try
            {
                var key = definition.KeyOf(body.Deserialize(definition.ClrType, MessageJson.Options)!);
                if (StoredText.Name(key) != message.Key)
                    why = $"The body belongs to key '{key}', the message to '{message.Key}'.";
            }
#pragma warning disable CA1031 // Not only JSON can be broken: a contract may refuse its values, with whatever exception it likes.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                why = exception.Message;
            }
        }

        return why is null;
    }

    private static async Task<EditedMessage?> ReadAsync(NpgsqlConnection connection, long id, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(ReadSql, connection) { Parameters = { new NpgsqlParameter<long> { TypedValue = id } } };
        await using var reader = await command.ExecuteReaderAsync(cancellationToken);
        return await reader.ReadAsync(cancellationToken) ? Read(reader) : null;
    }

    private static EditedMessage Read(NpgsqlDataReader row) => new(
        row.GetString(0), row.IsDBNull(1) ? null : row.GetString(1), row.IsDBNull(2) ? null : row.GetString(2), row.GetString(3), row.GetInt32(4));

    private static async Task ReplaceAsync(NpgsqlConnection connection, long id, byte[] body, CancellationToken cancellationToken)
    {
        await using var command = new NpgsqlCommand(EditSql, connection)
        {
            Parameters = { new NpgsqlParameter<long> { TypedValue = id }, new NpgsqlParameter<byte[]> { TypedValue = body } },
        };
        await command.ExecuteNonQueryAsync(cancellationToken);
    }

    private sealed record EditedMessage(string Consumer, string? Type, string? Key, string State, int Version);

    [LoggerMessage(LogLevel.Information, "Parked message {Id} of {Consumer} was given another body and redriven")]
    private partial void LogEdited(long id, string consumer);
}

/// <summary>Why a message was not edited.</summary>
internal sealed record EditRefusal(OperatingProblem Problem, string? Detail = null);
