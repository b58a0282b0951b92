namespace Standins.NATS.Client.JetStream.Models;

/// <summary>The server's answer to a publish. Look at <see cref="Error"/>: a refused publish does not throw.</summary>
public record PubAckResponse
{
    /// <summary>Why the message was refused, null when it is stored.</summary>
    public ApiError? Error { get; set; }

    /// <summary>The stream that has it.</summary>
    public string? Stream { get; set; }

    /// <summary>Its sequence; of the first one, if this is a duplicate.</summary>
    public ulong Seq { get; set; }

    /// <summary>The stream has a message with this id already.</summary>
    public bool Duplicate { get; set; }
}

/// <summary>An error of the JetStream API.</summary>
public record ApiError
{
    /// <summary>Like an HTTP status.</summary>
    public int Code { get; set; }

    /// <summary>The exact error.</summary>
    public int ErrCode { get; set; }

    /// <summary>For humans.</summary>
    public string? Description { get; set; }
}
