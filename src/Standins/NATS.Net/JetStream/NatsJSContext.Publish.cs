using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>Publishing with acknowledgement.</summary>
public sealed partial class NatsJSContext
{
    /// <inheritdoc />
    public async ValueTask<PubAckResponse> PublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default, CancellationToken cancellationToken = default)
    {
        var result = await TryPublishAsync(subject, data, serializer, opts, headers, cancellationToken);
        return result.Success ? result.Value : throw result.Error;
    }

    /// <inheritdoc />
    public async ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default, CancellationToken cancellationToken = default)
    {
        opts ??= NatsJSPubOpts.Default;
        headers = WithExpectations(headers, opts);
        for (var attempt = 1; ; attempt++)
        {
            NatsMsg<PubAckResponse> reply;
            try
            {
                reply = await Core.RequestAsync(subject, data, headers, serializer, PubAckSerializer.Default, opts, _replyOpts, cancellationToken);
            }
            catch (NatsNoReplyException)
            {
                return new NatsJSPublishNoResponseException();
            }
            catch (NatsException e)
            {
                return e;
            }

            if (!reply.HasNoResponders)
                return reply.Data is { } ack ? ack : reply.Error ?? new NatsJSException("No response data received");

            // Only this is safe to retry without a message id: it says that nobody has the message.
            if (attempt >= opts.RetryAttempts)
                return new NatsJSPublishNoResponseException();

            await Task.Delay(opts.RetryWaitBetweenAttempts, cancellationToken);
        }
    }

    private static NatsHeaders? WithExpectations(NatsHeaders? headers, NatsJSPubOpts opts)
    {
        Set("Nats-Msg-Id", opts.MsgId);
        Set("Nats-Expected-Last-Msg-Id", opts.ExpectedLastMsgId);
        Set("Nats-Expected-Stream", opts.ExpectedStream);
        Set("Nats-Expected-Last-Sequence", opts.ExpectedLastSequence?.ToString());
        Set("Nats-Expected-Last-Subject-Sequence", opts.ExpectedLastSubjectSequence?.ToString());
        return headers;

        void Set(string name, string? value)
        {
            if (value is not null)
                (headers ??= new NatsHeaders())[name] = value;
        }
    }
}

/// <summary>Helpers over the JetStream types.</summary>
public static class NatsJSExtensions
{
    /// <summary>Throws <see cref="NatsJSApiException"/> when the message was refused, <see cref="NatsJSDuplicateMessageException"/> when it is a duplicate.</summary>
    public static void EnsureSuccess(this PubAckResponse ack)
    {
        ArgumentNullException.ThrowIfNull(ack);
        if (ack.Error is not null)
            throw new NatsJSApiException(ack.Error);

        if (ack.Duplicate)
            throw new NatsJSDuplicateMessageException(ack.Seq);
    }

    /// <summary>Whether the message was stored by this publish.</summary>
    public static bool IsSuccess(this PubAckResponse ack)
    {
        ArgumentNullException.ThrowIfNull(ack);
        return ack is { Error: null, Duplicate: false };
    }

    /// <summary>Has the message delivered again after <paramref name="delay"/>.</summary>
    public static ValueTask NakAsync<T>(this INatsJSMsg<T> msg, TimeSpan delay, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(msg);
        return msg.NakAsync(new AckOpts { NakDelay = delay }, cancellationToken);
    }
}
