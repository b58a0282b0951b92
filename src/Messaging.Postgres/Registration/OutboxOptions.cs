using System.ComponentModel.DataAnnotations;

namespace Messaging.Postgres;

/// <summary>How the outbox is emptied. Configuration section <c>Outbox</c>.</summary>
public sealed class OutboxOptions
{
    /// <summary>Where messages wait for the broker and who takes them there. Default <see cref="OutboxRelayKind.Table"/>.</summary>
    public OutboxRelayKind Relay { get; set; }

    /// <summary>
    /// How many relays this process runs side by side; 0: it leaves what it writes to other processes, scheduled messages too and
    /// with either kind of relay. Default 2.
    /// </summary>
    [Range(0, 16)]
    public int Relays { get; set; } = 2;

    /// <summary>Who is woken when a transaction has put something into the outbox. Default <see cref="OutboxWakeUp.Notify"/>.</summary>
    public OutboxWakeUp WakeUp { get; set; } = OutboxWakeUp.Notify;

    /// <summary>The most messages in one transaction and one publish. Default 500.</summary>
    [Range(1, 10_000)]
    public int MaxBatch { get; set; } = 500;

    /// <summary>
    /// The longest an idle relay waits before it looks unasked. Having found something that way it looks again sooner, from a
    /// sixteenth of this time on. Default 500 ms.
    /// </summary>
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

    /// <summary>
    /// After so many deleted rows a process with relays vacuums the outbox, because autovacuum comes round once a minute only: at
    /// 25,000 messages a second that is a million dead rows. Also when others left as many. 0: never. Default 20,000.
    /// </summary>
    [Range(0, int.MaxValue)]
    public int VacuumAt { get; set; } = 20_000;
}

/// <summary>Who is woken when a transaction has put something into the outbox. Whoever is not woken finds it by polling.</summary>
public enum OutboxWakeUp
{
    /// <summary>
    /// The relays of this process; where it runs none, those of all others, by <c>NOTIFY</c>. Wants connections that are not pooled
    /// per transaction on the way: <c>LISTEN</c> does not work through those.
    /// </summary>
    Notify,

    /// <summary>The relays of this process.</summary>
    Local,

    /// <summary>Nobody.</summary>
    None,
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
