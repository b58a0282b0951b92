namespace Standins.NATS.Client.JetStream.Models;

/// <summary>A consumer as the server has it.</summary>
public record ConsumerInfo
{
    /// <summary>The stream it reads.</summary>
    public string StreamName { get; set; } = string.Empty;

    /// <summary>Its name.</summary>
    public string Name { get; set; } = string.Empty;

    /// <summary>The configuration in force: an older server drops what it does not know.</summary>
    public ConsumerConfig Config { get; set; } = new();

    /// <summary>When it was created.</summary>
    public DateTimeOffset Created { get; set; }

    /// <summary>The last message delivered.</summary>
    public SequenceInfo Delivered { get; set; } = new();

    /// <summary>The message up to which everything is acknowledged.</summary>
    public SequenceInfo AckFloor { get; set; } = new();

    /// <summary>Messages delivered and not acknowledged. Can lag behind the last acknowledgement.</summary>
    public int NumAckPending { get; set; }

    /// <summary>Messages being delivered again.</summary>
    public int NumRedelivered { get; set; }

    /// <summary>Pull requests waiting.</summary>
    public int NumWaiting { get; set; }

    /// <summary>Messages not delivered yet.</summary>
    public ulong NumPending { get; set; }
}

/// <summary>A position of a consumer.</summary>
public record SequenceInfo
{
    /// <summary>The number of the delivery.</summary>
    public ulong ConsumerSeq { get; set; }

    /// <summary>The sequence in the stream.</summary>
    public ulong StreamSeq { get; set; }

    /// <summary>When it last moved.</summary>
    public DateTimeOffset LastActive { get; set; }
}
