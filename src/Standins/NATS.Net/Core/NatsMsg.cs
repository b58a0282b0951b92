using System.Buffers;
using System.Diagnostics.CodeAnalysis;

namespace Standins.NATS.Client.Core;

/// <summary>What is known about a message besides its parts.</summary>
[Flags]
public enum NatsMsgFlags
{
    /// <summary>Nothing special.</summary>
    None = 0,

    /// <summary>The payload is empty.</summary>
    Empty = 1,

    /// <summary>The server says that nobody listens.</summary>
    NoResponders = 2,
}

/// <summary>A message, with its payload as <typeparamref name="T"/>.</summary>
public readonly record struct NatsMsg<T>
{
    /// <summary>Puts a message together.</summary>
    public NatsMsg(string subject, string? replyTo, int size, NatsHeaders? headers, T? data, INatsConnection? connection, NatsMsgFlags flags = NatsMsgFlags.None)
    {
        Subject = subject;
        ReplyTo = replyTo;
        Size = size;
        Headers = headers;
        Data = data;
        Connection = connection;
        Flags = flags;
    }

    /// <summary>The subject it was published to.</summary>
    public string Subject { get; init; }

    /// <summary>Where a reply is expected, if anywhere.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>Bytes of subject, reply subject, headers and payload.</summary>
    public int Size { get; init; }

    /// <summary>The headers, null when it has none.</summary>
    public NatsHeaders? Headers { get; init; }

    /// <summary>The payload; the default value when it is empty.</summary>
    public T? Data { get; init; }

    /// <summary>The connection it came from.</summary>
    public INatsConnection? Connection { get; init; }

    /// <summary>What is known besides.</summary>
    public NatsMsgFlags Flags { get; init; }

    /// <summary>Why the payload could not be deserialised, if it could not.</summary>
    public NatsException? Error => Headers?.Error;

    /// <summary>Whether the payload is empty.</summary>
    public bool IsEmpty => (Flags & NatsMsgFlags.Empty) != NatsMsgFlags.None;

    /// <summary>Whether this is the server's word that nobody listens.</summary>
    public bool HasNoResponders => (Flags & NatsMsgFlags.NoResponders) != NatsMsgFlags.None;

    /// <summary>Throws <see cref="NatsNoRespondersException"/> or <see cref="Error"/> if there is one.</summary>
    public void EnsureSuccess()
    {
        if (HasNoResponders)
            throw new NatsNoRespondersException();

        if (Error is { } error)
            throw error;
    }

    /// <summary>Publishes an empty reply.</summary>
    public ValueTask ReplyAsync(NatsHeaders? headers = default, string? replyTo = default, NatsPubOpts? opts = default, CancellationToken cancellationToken = default)
    {
        CheckReply();
        return Connection.PublishAsync(ReplyTo, headers, replyTo, opts, cancellationToken);
    }

    /// <summary>Publishes a reply. Throws <see cref="NatsException"/> when none is expected.</summary>
    public ValueTask ReplyAsync<TReply>(TReply data, NatsHeaders? headers = default, string? replyTo = default, INatsSerialize<TReply>? serializer = default, NatsPubOpts? opts = default, CancellationToken cancellationToken = default)
    {
        CheckReply();
        return Connection.PublishAsync(ReplyTo, data, headers, replyTo, serializer, opts, cancellationToken);
    }

    internal static NatsMsg<T> From(string subject, in ServerFrame frame, NatsConnection connection, INatsDeserialize<T> deserializer)
    {
        var headers = HeaderCodec.ParseOrTellError(frame.Headers, connection.Opts.HeaderEncoding);
        var flags = frame.Payload.IsEmpty ? NatsMsgFlags.Empty : NatsMsgFlags.None;
        if (frame.Payload.IsEmpty && headers is { Code: 503 })
            flags |= NatsMsgFlags.NoResponders;

        var data = default(T);
        try
        {
            if (headers?.Error is null)
                data = deserializer.Deserialize(frame.Payload);
        }
#pragma warning disable CA1031 // Whatever a deserializer throws belongs to this message; the reader finds it in msg.Error.
        catch (Exception e)
#pragma warning restore CA1031
        {
            headers ??= new NatsHeaders();
            headers.Error = new NatsDeserializeException(frame.Payload.ToArray(), e);
        }

        var size = frame.Subject.Length + frame.ReplyTo.Length + (int)(frame.Headers.Length + frame.Payload.Length);
        return new NatsMsg<T>(subject, frame.ReplyToText, size, headers, data, connection, flags);
    }

    [MemberNotNull(nameof(Connection), nameof(ReplyTo))]
    private void CheckReply()
    {
        if (Connection is null)
            throw new NatsException("unable to send reply; message did not originate from a subscription");

        if (string.IsNullOrWhiteSpace(ReplyTo))
            throw new NatsException("unable to send reply; ReplyTo is empty");
    }
}
