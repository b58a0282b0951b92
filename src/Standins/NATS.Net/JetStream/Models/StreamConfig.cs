using System.Text.Json.Serialization;

namespace Standins.NATS.Client.JetStream.Models;

/// <summary>How a stream is kept. Zero and null mean the server's default.</summary>
public record StreamConfig
{
    /// <summary>An empty configuration.</summary>
    public StreamConfig()
    {
    }

    /// <summary>A stream over some subjects.</summary>
    public StreamConfig(string name, ICollection<string> subjects)
    {
        Name = name;
        Subjects = subjects;
    }

    /// <summary>The name: no spaces, no dots.</summary>
    public string? Name { get; set; }

    /// <summary>For humans.</summary>
    public string? Description { get; set; }

    /// <summary>The subjects stored, wildcards allowed. Default: the stream's name.</summary>
    public ICollection<string>? Subjects { get; set; }

    /// <summary>When messages go. Default: at the limits below.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigRetention Retention { get; set; } = StreamConfigRetention.Limits;

    /// <summary>The most messages kept. Default: no limit.</summary>
    public long MaxMsgs { get; set; }

    /// <summary>The most messages kept per subject. Default: no limit.</summary>
    public long MaxMsgsPerSubject { get; set; }

    /// <summary>The most bytes kept. Default: no limit.</summary>
    public long MaxBytes { get; set; }

    /// <summary>How long messages are kept. Default: for ever.</summary>
    public TimeSpan MaxAge { get; set; }

    /// <summary>The largest message in bytes. Default: the server's limit.</summary>
    public int MaxMsgSize { get; set; }

    /// <summary>Where messages are kept. Default: in files.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigStorage Storage { get; set; } = StreamConfigStorage.File;

    /// <summary>How many servers keep each message. Default 1.</summary>
    public int NumReplicas { get; set; }

    /// <summary>What goes when a limit is reached. Default: the oldest message.</summary>
    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public StreamConfigDiscard Discard { get; set; } = StreamConfigDiscard.Old;

    /// <summary>How long message ids are remembered to drop duplicates. Default two minutes.</summary>
    public TimeSpan DuplicateWindow { get; set; }

    /// <summary>Single messages cannot be deleted.</summary>
    public bool DenyDelete { get; set; }

    /// <summary>A message with the header Nats-Rollup replaces what came before it.</summary>
    public bool AllowRollupHdrs { get; set; }

    /// <summary>Single messages can be read from any replica.</summary>
    public bool AllowDirect { get; set; }
}

/// <summary>When messages leave a stream.</summary>
public enum StreamConfigRetention
{
    /// <summary>At the stream's limits.</summary>
    Limits,

    /// <summary>When every consumer has acknowledged them.</summary>
    Interest,

    /// <summary>When one consumer has acknowledged them.</summary>
    Workqueue,
}

/// <summary>Where a stream is kept.</summary>
public enum StreamConfigStorage
{
    /// <summary>In files.</summary>
    File,

    /// <summary>In memory: gone with the server.</summary>
    Memory,
}

/// <summary>What gives way at a limit.</summary>
public enum StreamConfigDiscard
{
    /// <summary>The oldest message.</summary>
    Old,

    /// <summary>The new message: its publish is refused.</summary>
    New,
}
