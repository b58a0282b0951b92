using System.Buffers;
using System.Diagnostics.CodeAnalysis;
using System.Runtime.InteropServices;

namespace Standins.NATS.Client.Core;

/// <summary>A message, with its payload as <typeparamref name="T"/>.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NatsMsg<T>
{
    /// <summary>The subject it was published to.</summary>
    public string Subject { get; init; }

    /// <summary>Where a reply is expected, if anywhere.</summary>
    public string? ReplyTo { get; init; }

    /// <summary>The headers, null when it has none.</summary>
    public NatsHeaders? Headers { get; init; }

    /// <summary>The payload; the default value when it is empty.</summary>
    public T? Data { get; init; }

    /// <summary>The connection it came from.</summary>
    public INatsConnection? Connection { get; init; }

    /// <summary>Why headers or payload could not be read, if they could not.</summary>
    public NatsException? Error => Headers?.Error;

    /// <summary>Whether this is the server's word that nobody listens.</summary>
    public bool HasNoResponders { get; private init; }

    /// <summary>Throws <see cref="NatsNoRespondersException"/> or <see cref="Error"/> if there is one.</summary>
    public void EnsureSuccess()
    {
        if (HasNoResponders)
            throw new NatsNoRespondersException();

        if (Error is { } error)
            throw error;
    }

    /// <summary>Publishes a reply. Throws <see cref="NatsException"/> when none is expected.</summary>
    public ValueTask ReplyAsync<TReply>(
        TReply data, NatsHeaders? headers = default, string? replyTo = default, INatsSerialize<TReply>? serializer = default,
        NatsPubOpts? opts = default, CancellationToken cancellationToken = default)
    {
        CheckReply();
        return Connection.PublishAsync(ReplyTo, data, headers, replyTo, serializer, opts, cancellationToken);
    }

    internal static NatsMsg<T> From(string subject, in ServerFrame frame, NatsConnection connection, INatsDeserialize<T> deserializer)
    {
        var headers = HeaderCodec.ParseOrTellError(frame.Headers);
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

        return new NatsMsg<T>
        {
            Subject = subject,
            ReplyTo = frame.ReplyToText,
            Headers = headers,
            Data = data,
            Connection = connection,
            HasNoResponders = frame.Payload.IsEmpty && headers is { Code: 503 },
        };
    }

    [MemberNotNull(nameof(Connection), nameof(ReplyTo))]
    private void CheckReply()
    {
        if (Connection is null || string.IsNullOrWhiteSpace(ReplyTo))
            throw new NatsException("unable to send reply; ReplyTo is empty");
    }
}
