using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// Before any hosted service starts: makes the slot when the relay on the write-ahead log is chosen, and says so when it is not
/// but its slot is still there.
/// </summary>
internal sealed partial class WalSlotAtStart(
    WalSlot slot, WalGap gap, NpgsqlDataSource dataSource, IOptions<OutboxOptions> options, ILogger<WalSlotAtStart> logger) : IHostedLifecycleService
{
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        if (options.Value.Relay is OutboxRelayKind.Wal)
            await PrepareAsync(cancellationToken);
        else if (await slot.ReadAsync(cancellationToken) is { } state)
            LogLeftOver(slot.Name, state.RetainedBytes / 1024);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task PrepareAsync(CancellationToken cancellationToken)
    {
        if (await slot.EnsureAsync(cancellationToken) is { } made)
        {
            LogMade(slot.Name, made.From);
            if (made.LostFrom is not null)
            {
                gap.Found(made.LostFrom, made.From);
                LogGap(slot.Name, gap.Description!);
            }
        }

        await using (await slot.ConnectAsync(cancellationToken))
        {
            // It is enough that it could be opened.
        }

        await using var limit = dataSource.CreateCommand("show max_slot_wal_keep_size");
        if (await limit.ExecuteScalarAsync(cancellationToken) is "-1")
            LogUnbounded(slot.Name);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Made replication slot {Slot} at {Position}")]
    private partial void LogMade(string slot, NpgsqlLogSequenceNumber position);

    [LoggerMessage(Level = LogLevel.Critical, Message = "Replication slot {Slot} was lost and has been made anew. {Gap}")]
    private partial void LogGap(string slot, string gap);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "max_slot_wal_keep_size is -1: while nothing reads replication slot {Slot}, the server keeps its log until the disk is full. "
        + "Set a bound that covers the longest outage you want to survive")]
    private partial void LogUnbounded(string slot);

    [LoggerMessage(Level = LogLevel.Warning, Message =
        "Outbox:Relay is table, but replication slot {Slot} is still there and makes the server keep {Kilobytes} KiB of its log and more by "
        + "the minute. Run the service with Outbox:Relay = wal until the slot's lag is 0 if messages are left in it, then drop it: "
        + "select pg_drop_replication_slot('{Slot}')")]
    private partial void LogLeftOver(string slot, long kilobytes);
}
