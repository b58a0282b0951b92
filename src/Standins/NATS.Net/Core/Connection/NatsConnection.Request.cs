namespace Standins.NATS.Client.Core;

/// <summary>Request and reply.</summary>
public sealed partial class NatsConnection
{
    /// <inheritdoc />
    public ValueTask<NatsMsg<TReply>> RequestAsync<TRequest, TReply>(
        string subject,
        TRequest? data,
        NatsHeaders? headers = default,
        INatsSerialize<TRequest>? requestSerializer = default,
        INatsDeserialize<TReply>? replySerializer = default,
        NatsPubOpts? requestOpts = default,
        NatsSubOpts? replyOpts = default,
        CancellationToken cancellationToken = default)
    {
        CheckSubject(subject);
        requestSerializer ??= Opts.SerializerRegistry.GetSerializer<TRequest>();
        replySerializer ??= Opts.SerializerRegistry.GetDeserializer<TReply>();
        return _state == NatsConnectionState.Open
            ? SendRequest(subject, data, headers, requestSerializer, replySerializer, replyOpts, cancellationToken)
            : WaitAndRequestAsync(subject, data, headers, requestSerializer, replySerializer, replyOpts, cancellationToken);
    }

    // The reply's timeout runs from when the request can be sent.
    private async ValueTask<NatsMsg<TReply>> WaitAndRequestAsync<TRequest, TReply>(
        string subject, TRequest? data, NatsHeaders? headers, INatsSerialize<TRequest> requestSerializer,
        INatsDeserialize<TReply> replySerializer, NatsSubOpts? replyOpts, CancellationToken cancellationToken)
    {
        await WaitForOpenAsync(cancellationToken);
        return await SendRequest(subject, data, headers, requestSerializer, replySerializer, replyOpts, cancellationToken);
    }

    private ValueTask<NatsMsg<TReply>> SendRequest<TRequest, TReply>(
        string subject, TRequest? data, NatsHeaders? headers, INatsSerialize<TRequest> requestSerializer,
        INatsDeserialize<TReply> replySerializer, NatsSubOpts? replyOpts, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        EnsureInbox();
        var reply = new PendingReply<TReply>(this, replySerializer, replyOpts?.ThrowIfNoResponders ?? true);
        var address = _requests.Register(reply, replyOpts?.Timeout ?? Opts.RequestTimeout, cancellationToken);
        try
        {
            Send(subject, address, headers, data, requestSerializer);
        }
        catch
        {
            _requests.Forget(reply);
            throw;
        }

        return reply.Task;
    }

    // The inbox is subscribed at the first request, not at connect: a connection that only publishes needs none.
    private void EnsureInbox()
    {
        if (_requests.Sid != 0)
            return;

        lock (_requests)
        {
            if (_requests.Sid == 0)
                Add(_requests);
        }
    }
}
