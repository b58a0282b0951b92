using System.Threading.Channels;
using Npgsql.Replication;
using Npgsql.Replication.PgOutput;
using Npgsql.Replication.PgOutput.Messages;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>
/// One session that reads the write-ahead log through the slot: committed transactions only, in the order of their commits. What it
/// reads waits in a bounded channel; while that is full, of messages or of bytes, it reads no further, and the server waits with it.
/// </summary>
internal sealed class WalReader(LogicalReplicationConnection connection, string slotName, int capacity, TimeProvider time) : IAsyncDisposable
{
    /// <summary>How many bytes may wait, and be published together, before there is no more to come; the last message may exceed it.</summary>
    public const long MostBytes = 16 * 1024 * 1024;

    // How often an idle session looks whether the log has moved on without us.
    private static readonly TimeSpan IdleInterval = TimeSpan.FromSeconds(1);

    private readonly Channel<WalEntry> _entries = Channel.CreateBounded<WalEntry>(
        new BoundedChannelOptions(capacity) { SingleReader = true, SingleWriter = false, AllowSynchronousContinuations = false });

    private readonly SemaphoreSlim _room = new(0);
    private long _bytes;

    /// <summary>Up to where this session has confirmed.</summary>
    public NpgsqlLogSequenceNumber Confirmed { get; private set; }

    /// <summary>Waits until there is something to take. False when nothing will come any more.</summary>
    public ValueTask<bool> WaitAsync(CancellationToken cancellationToken) => _entries.Reader.WaitToReadAsync(cancellationToken);

    /// <summary>Takes the next step through the log, if it is there.</summary>
    public bool TryTake(out WalEntry entry)
    {
        if (!_entries.Reader.TryRead(out entry))
            return false;
        if (entry.Message is { Size: var size } && Interlocked.Add(ref _bytes, -size) <= MostBytes && _room.CurrentCount == 0)
            _room.Release();
        return true;
    }

    /// <summary>Reads until it is cancelled or the session ends.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        using var reading = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var idling = PassIdleWritesAsync(reading.Token);
        try
        {
            var options = new PgOutputReplicationOptions("messaging_outbox", PgOutputProtocolVersion.V1, messages: true);
            await foreach (var change in connection.StartReplication(new PgOutputReplicationSlot(slotName), options, cancellationToken))
            {
                switch (change)
                {
                    case LogicalDecodingMessage { Prefix: WalContent.Prefix } message:
                        await AddAsync(message, cancellationToken);
                        break;
                    case CommitMessage commit:
                        await _entries.Writer.WriteAsync(new WalEntry(Message: null, commit.TransactionEndLsn), cancellationToken);
                        break;
                    default:
                        break; // the beginning of a transaction, or a message of somebody else
                }
            }
        }
        finally
        {
            await reading.CancelAsync();
            await idling;
            _entries.Writer.TryComplete();
        }
    }

    /// <summary>Tells the server that everything before a place is published, so that it may forget that part of the log.</summary>
    public async Task ConfirmAsync(NpgsqlLogSequenceNumber end, CancellationToken cancellationToken)
    {
        if (end <= Confirmed)
            return;
        Confirmed = end;
        connection.SetReplicationStatus(end);
        await connection.SendStatusUpdate(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await connection.DisposeAsync();
        _room.Dispose();
    }

    private async ValueTask AddAsync(LogicalDecodingMessage message, CancellationToken cancellationToken)
    {
        var content = new byte[message.Data.Length];
        await message.Data.ReadExactlyAsync(content, cancellationToken);
        while (Interlocked.Read(ref _bytes) > MostBytes)
            await _room.WaitAsync(cancellationToken);
        Interlocked.Add(ref _bytes, content.Length);
        await _entries.Writer.WriteAsync(new WalEntry(WalContent.Read(content, (ulong)message.MessageLsn), End: default), cancellationToken);
    }

    /// <summary>
    /// Other databases write to the same log, and what they write must not be kept for our sake: now and then the place up to which
    /// the server has sent everything becomes an entry, to be confirmed in its turn. It is safe because the place is taken before the
    /// entry is added: the session moves it past a transaction only after it has added that transaction's messages. And a server
    /// that shuts down waits for its readers to confirm just that place.
    /// </summary>
    private async Task PassIdleWritesAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(IdleInterval, time);
        var passed = default(NpgsqlLogSequenceNumber);
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                var received = connection.LastReceivedLsn;
                if (received > passed && _entries.Writer.TryWrite(new WalEntry(Message: null, received)))
                    passed = received;
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // The session is over.
        }
    }
}

/// <summary>One step through the log: a message, or a place before which there is nothing that was not handed over.</summary>
/// <param name="Message">The message, or null.</param>
/// <param name="End">The place, when there is no message: the end of a transaction, or of what other databases have written.</param>
internal readonly record struct WalEntry(WalMessage? Message, NpgsqlLogSequenceNumber End);
