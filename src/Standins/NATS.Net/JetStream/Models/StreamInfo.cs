namespace Standins.NATS.Client.JetStream.Models;

/// <summary>A stream as the server has it.</summary>
/// <param name="Config">The configuration in force.</param>
/// <param name="State">What the stream holds.</param>
/// <param name="Created">When it was created.</param>
public record StreamInfo(StreamConfig Config, StreamState State, DateTimeOffset Created);

/// <summary>What a stream holds.</summary>
/// <param name="Messages">The number of messages.</param>
/// <param name="Bytes">Their size in bytes.</param>
/// <param name="FirstSeq">The sequence of the oldest message.</param>
/// <param name="LastSeq">The sequence of the newest message, also when it is gone.</param>
/// <param name="ConsumerCount">The number of consumers.</param>
/// <param name="Subjects">Messages per subject, if <see cref="StreamInfoRequest.SubjectsFilter"/> asked for them.</param>
public record StreamState(long Messages, long Bytes, ulong FirstSeq, ulong LastSeq, long ConsumerCount, IDictionary<string, long>? Subjects);

/// <summary>What to tell about a stream.</summary>
public record StreamInfoRequest
{
    /// <summary>Count messages per subject for the subjects that match.</summary>
    public string? SubjectsFilter { get; set; }
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
/// <param name="Message">The message.</param>
public record StreamMsgGetResponse(StoredMessage Message);

/// <summary>A message as a stream keeps it.</summary>
/// <param name="Subject">The subject it was published to.</param>
/// <param name="Seq">Its sequence in the stream.</param>
/// <param name="Data">The payload.</param>
/// <param name="Time">When it was stored.</param>
/// <param name="Hdrs">The header block, base64.</param>
public record StoredMessage(string Subject, ulong Seq, ReadOnlyMemory<byte> Data, DateTimeOffset Time, string? Hdrs);
