using System.Globalization;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>Publishing with acknowledgement.</summary>
public sealed partial class NatsJSContext
{
    /// <inheritdoc />
    public async ValueTask<PubAckResponse> PublishAsync<T>(
        string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default,
        CancellationToken cancellationToken = default)
    {
        var result = await TryPublishAsync(subject, data, serializer, opts, headers, cancellationToken);
        return result.Success ? result.Value : throw result.Error;
    }

    /// <inheritdoc />
    public async ValueTask<NatsResult<PubAckResponse>> TryPublishAsync<T>(
        string subject, T? data, INatsSerialize<T>? serializer = default, NatsJSPubOpts? opts = default, NatsHeaders? headers = default,
        CancellationToken cancellationToken = default)
    {
        try
        {
            var reply = await Core.RequestAsync(subject, data, WithExpectations(headers, opts), serializer, PubAckSerializer.Default, opts, _replyOpts, cancellationToken);
            if (reply.HasNoResponders)
                return new NatsJSPublishNoResponseException();

            return reply.Data is { } ack ? ack : reply.Error ?? new NatsJSException("No response data received");
        }
        catch (NatsNoReplyException)
        {
            return new NatsJSPublishNoResponseException();
        }
        catch (NatsException e)
        {
            return e;
        }
    }

    private static NatsHeaders? WithExpectations(NatsHeaders? headers, NatsJSPubOpts? opts)
    {
        Set("Nats-Msg-Id", opts?.MsgId);
        Set("Nats-Expected-Last-Msg-Id", opts?.ExpectedLastMsgId);
        Set("Nats-Expected-Stream", opts?.ExpectedStream);
        Set("Nats-Expected-Last-Sequence", opts?.ExpectedLastSequence?.ToString(CultureInfo.InvariantCulture));
        Set("Nats-Expected-Last-Subject-Sequence", opts?.ExpectedLastSubjectSequence?.ToString(CultureInfo.InvariantCulture));
        return headers;

        void Set(string name, string? value)
        {
            if (value is not null)
                (headers ??= [])[name] = value;
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
}
