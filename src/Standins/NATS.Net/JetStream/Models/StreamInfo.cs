namespace Standins.NATS.Client.JetStream.Models;

/// <summary>A stream as the server has it.</summary>
public record StreamInfo
{
    /// <summary>The configuration in force.</summary>
    public StreamConfig Config { get; set; } = new();

    /// <summary>What the stream holds.</summary>
    public StreamState State { get; set; } = new();

    /// <summary>When it was created.</summary>
    public DateTimeOffset Created { get; set; }
}

/// <summary>What a stream holds.</summary>
public record StreamState
{
    /// <summary>The number of messages.</summary>
    public long Messages { get; set; }

    /// <summary>Their size in bytes.</summary>
    public long Bytes { get; set; }

    /// <summary>The sequence of the oldest message.</summary>
    public ulong FirstSeq { get; set; }

    /// <summary>The sequence of the newest message, also when it is gone.</summary>
    public ulong LastSeq { get; set; }

    /// <summary>When the oldest message was stored.</summary>
    public string? FirstTs { get; set; }

    /// <summary>When the newest message was stored.</summary>
    public string? LastTs { get; set; }

    /// <summary>Messages per subject, if <see cref="StreamInfoRequest.SubjectsFilter"/> asked for them.</summary>
    public IDictionary<string, long>? Subjects { get; set; }

    /// <summary>The number of subjects with messages.</summary>
    public long NumSubjects { get; set; }

    /// <summary>Messages deleted from the middle.</summary>
    public long NumDeleted { get; set; }

    /// <summary>The number of consumers.</summary>
    public long ConsumerCount { get; set; }
}

/// <summary>What to tell about a stream.</summary>
public record StreamInfoRequest
{
    /// <summary>List the deleted sequences.</summary>
    public bool DeletedDetails { get; set; }

    /// <summary>Count messages per subject for the subjects that match.</summary>
    public string? SubjectsFilter { get; set; }

    /// <summary>Subjects to skip.</summary>
    public int Offset { get; set; }
}

/// <summary>What to purge; empty for everything.</summary>
public record StreamPurgeRequest
{
    /// <summary>Only messages on matching subjects.</summary>
    public string? Filter { get; set; }

    /// <summary>Only messages before this sequence.</summary>
    public ulong Seq { get; set; }

    /// <summary>Keep this many of the newest. Excludes <see cref="Seq"/>.</summary>
    public ulong Keep { get; set; }
}

/// <summary>The result of a purge.</summary>
public record StreamPurgeResponse
{
    /// <summary>Whether it was done.</summary>
    public bool Success { get; set; }

    /// <summary>How many messages went.</summary>
    public long Purged { get; set; }
}

/// <summary>Which message to delete.</summary>
public record StreamMsgDeleteRequest
{
    /// <summary>Its sequence.</summary>
    public ulong Seq { get; set; }

    /// <summary>Only mark it as deleted instead of overwriting it.</summary>
    public bool NoErase { get; set; }
}

/// <summary>The result of a delete.</summary>
public record StreamMsgDeleteResponse
{
    /// <summary>Whether it was done.</summary>
    public bool Success { get; set; }
}

/// <summary>Which message to read: by sequence, the last of a subject, or the next of a subject from a sequence on.</summary>
public record StreamMsgGetRequest
{
    /// <summary>The sequence.</summary>
    public ulong Seq { get; set; }

    /// <summary>The newest message on this subject.</summary>
    public string? LastBySubj { get; set; }

    /// <summary>The first message on this subject at or after <see cref="Seq"/>.</summary>
    public string? NextBySubj { get; set; }
}

/// <summary>A message read from a stream.</summary>
public record StreamMsgGetResponse
{
    /// <summary>The message.</summary>
    public StoredMessage Message { get; set; } = new();
}

/// <summary>A message as a stream keeps it.</summary>
public record StoredMessage
{
    /// <summary>The subject it was published to.</summary>
    public string Subject { get; set; } = string.Empty;

    /// <summary>Its sequence in the stream.</summary>
    public ulong Seq { get; set; }

    /// <summary>The payload.</summary>
    public ReadOnlyMemory<byte> Data { get; set; }

    /// <summary>When it was stored.</summary>
    public DateTimeOffset Time { get; set; }

    /// <summary>The header block, base64.</summary>
    public string? Hdrs { get; set; }
}
