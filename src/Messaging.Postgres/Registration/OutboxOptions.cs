using System.ComponentModel.DataAnnotations;

namespace Messaging.Postgres;

/// <summary>How the outbox is emptied. Configuration section <c>Outbox</c>.</summary>
public sealed class OutboxOptions
{
    /// <summary>Where messages wait for the broker and who takes them there. Default <see cref="OutboxRelayKind.Table"/>.</summary>
    public OutboxRelayKind Relay { get; set; }

    /// <summary>How many relays this process runs side by side; 0: it leaves what it writes to other processes, with either kind of relay. Default 2.</summary>
    [Range(0, 16)]
    public int Relays { get; set; } = 2;

    /// <summary>The most messages in one transaction and one publish. Default 500.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 500;

    /// <summary>How long an idle relay waits before it looks unasked; only what another process wrote waits that long. Default 500 ms.</summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>The longest pause after a failure; the first one lasts 50 ms and each further one twice as long. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.050", "00:05:00")]
    public TimeSpan MaxPause { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>A message that waits longer for the broker makes the health check report degraded. Default 30 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan DegradedAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>How long a batch that is being published may take when the host stops; after that it is put back. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan StopPatience { get; set; } = TimeSpan.FromSeconds(5);
}

/// <summary>Where messages wait for the broker.</summary>
public enum OutboxRelayKind
{
    /// <summary>In a table, from which relays claim and delete them. Needs nothing but a database.</summary>
    Table,

    /// <summary>
    /// In the write-ahead log, from which one relay per database reads them in the order of commits, without polling and without
    /// rows to delete. Needs <c>wal_level = logical</c>, a role with REPLICATION and one replication slot per database.
    /// Messages with a due time still wait in the table.
    /// </summary>
    Wal,
}
