using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>A message delivered by a consumer.</summary>
public interface INatsJSMsg<out T>
{
    /// <summary>The subject it was published to.</summary>
    string Subject { get; }

    /// <summary>The headers, null when it has none.</summary>
    NatsHeaders? Headers { get; }

    /// <summary>The payload.</summary>
    T? Data { get; }

    /// <summary>Where acknowledgements go.</summary>
    string? ReplyTo { get; }

    /// <summary>What the server says of this delivery, read at each access; null when <see cref="ReplyTo"/> does not say it.</summary>
    NatsJSMsgMetadata? Metadata { get; }

    /// <summary>Why the payload could not be deserialised, if it could not.</summary>
    NatsException? Error { get; }

    /// <summary>Throws <see cref="Error"/> if there is one.</summary>
    void EnsureSuccess();

    /// <summary>
    /// Settles the message, with <see cref="Models.ConsumerConfigAckPolicy.All"/> also those before it. Returns when the command is in the write
    /// buffer, with a double ack when the server has confirmed.
    /// </summary>
    ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Has it delivered again, at once or after <see cref="AckOpts.NakDelay"/>.</summary>
    ValueTask NakAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Starts the consumer's AckWait anew.</summary>
    ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);

    /// <summary>Settles it without success: it is not delivered again.</summary>
    ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default);
}

internal sealed class NatsJSMsg<T>(NatsJSConsumer consumer, in NatsMsg<T> message) : INatsJSMsg<T>
{
    private readonly NatsMsg<T> _message = message;

    public string Subject => _message.Subject;

    public NatsHeaders? Headers => _message.Headers;

    public T? Data => _message.Data;

    public string? ReplyTo => _message.ReplyTo;

    public NatsJSMsgMetadata? Metadata => NatsJSMsgMetadata.Parse(_message.ReplyTo, consumer.Info.StreamName, consumer.Info.Name);

    public NatsException? Error => _message.Error;

    public void EnsureSuccess() => _message.EnsureSuccess();

    public ValueTask AckAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => SendAsync(Acks.Ack, opts, cancellationToken);

    public ValueTask NakAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(opts?.NakDelay is { } delay && delay > TimeSpan.Zero ? Acks.NakAfter(delay) : Acks.Nak, opts, cancellationToken);

    public ValueTask AckProgressAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) => SendAsync(Acks.Progress, opts, cancellationToken);

    public ValueTask AckTerminateAsync(AckOpts? opts = null, CancellationToken cancellationToken = default) =>
        SendAsync(Acks.Terminate, opts, cancellationToken);

    private ValueTask SendAsync(byte[] ack, AckOpts? opts, CancellationToken cancellationToken)
    {
        if (string.IsNullOrWhiteSpace(ReplyTo))
            throw new NatsException("unable to send acknowledgment; ReplyTo is empty");

        var context = consumer.Context;
        return opts?.DoubleAck == true
            ? ConfirmAsync(context, ReplyTo, ack, cancellationToken)
            : context.Core.PublishAsync(ReplyTo, ack, serializer: DefaultSerializer<byte[]>.Instance, cancellationToken: cancellationToken);
    }

    private static async ValueTask ConfirmAsync(NatsJSContext context, string replyTo, byte[] ack, CancellationToken cancellationToken) =>
        await context.Core.RequestAsync(
            replyTo, ack, requestSerializer: DefaultSerializer<byte[]>.Instance, replySerializer: DefaultSerializer<byte[]>.Instance, cancellationToken: cancellationToken);
}

/// <summary>The payloads of acknowledgements.</summary>
internal static class Acks
{
    public static readonly byte[] Ack = "+ACK"u8.ToArray();
    public static readonly byte[] Nak = "-NAK"u8.ToArray();
    public static readonly byte[] Progress = "+WPI"u8.ToArray();
    public static readonly byte[] Terminate = "+TERM"u8.ToArray();

    public static byte[] NakAfter(TimeSpan delay) =>
        System.Text.Encoding.ASCII.GetBytes($"-NAK {{\"delay\": {delay.Ticks * TimeSpan.NanosecondsPerTick}}}");
}
