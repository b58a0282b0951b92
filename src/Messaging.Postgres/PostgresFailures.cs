using MassTransit;
using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>
/// What the database's exceptions mean for the message in hand, however deep they are wrapped. An outage is nobody's message's
/// fault; a lost race is nobody's fault at all; every other complaint of the database is the message's or the handler's own.
/// </summary>
internal sealed class PostgresFailures : IFailureClassifier
{
    public FailureKind? Classify(Exception exception)
    {
        FailureKind? kind = null;
        foreach (var cause in CausesOf(exception))
        {
            if (IsDependency(cause))
                return FailureKind.Dependency;
            if (IsConcurrency(cause))
                kind = FailureKind.Concurrency;
        }

        return kind;
    }

    /// <summary>True when the exception says that the database as a whole cannot serve, not that it refused one statement.</summary>
    public static bool IsDependency(Exception exception) => exception switch
    {
        PostgresException { SqlState: var state } => state[..2] switch
        {
            "08" => true, // connection exceptions
            "28" => true, // we are not let in
            "53" => true, // out of connections, memory or disk
            "58" => true, // system error, such as a failed read
            _ => state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
                or PostgresErrorCodes.InvalidCatalogName or PostgresErrorCodes.ReadOnlySqlTransaction,
        },
        NpgsqlException { IsTransient: true } => true, // broken connections, failed or late connects, timeouts
        _ => false,
    };

    private static bool IsConcurrency(Exception exception) => exception switch
    {
        DbUpdateConcurrencyException => true,
        DbUpdateException { InnerException: PostgresException { SqlState: PostgresErrorCodes.UniqueViolation } } update =>
            update.Entries.Any(entry => entry is { State: EntityState.Added, Entity: ISaga }), // two first messages of one saga
        PostgresException
        {
            SqlState: PostgresErrorCodes.SerializationFailure or PostgresErrorCodes.DeadlockDetected or PostgresErrorCodes.LockNotAvailable
        } => true,
        _ => false,
    };

    private static IEnumerable<Exception> CausesOf(Exception exception)
    {
        for (Exception? cause = exception; cause is not null; cause = cause.InnerException)
        {
            yield return cause;
            if (cause is AggregateException { InnerExceptions: { Count: > 1 } several })
            {
                foreach (var inner in several.Skip(1).SelectMany(CausesOf))
                    yield return inner;
            }
        }
    }
}
