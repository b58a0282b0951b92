using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>Pulls without end: asks for more whenever what is asked for and not yet taken falls to the threshold.</summary>
internal class ConsumePull<T>(NatsJSConsumer consumer, NatsJSConsumeOpts opts, INatsDeserialize<T>? deserializer)
    : Pull<T>(consumer, PullLimits.From(opts), deserializer, opts.NotificationHandler)
{
    private readonly Lock _gate = new();

    // Asked for and not yet taken: on the way, or buffered. In messages or bytes, as the limits count.
    private long _outstanding;
    private long _buffered;
    private int _consecutive503;
    private volatile bool _draining;

    /// <summary>The application is done with a message: it counts no more.</summary>
    public void Settled(NatsJSMsg<T> message)
    {
        lock (_gate)
        {
            _buffered -= Cost(message);
            _outstanding = Math.Max(_outstanding - Cost(message), _buffered);
            PullMore();
        }
    }

    /// <summary>No new messages; those the server has sent still arrive, then the pull ends.</summary>
    public async Task DrainAsync()
    {
        _draining = true;
        try
        {
            Connection.Remove(this, keepReceiving: true);
            await Connection.PingAsync();
        }
        catch (Exception e) when (e is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            // Without a connection nothing more arrives.
        }
        finally
        {
            Complete();
        }
    }

    public override void Resubscribed() => Restart();

    protected override void OnStart() => Restart();

    protected override void OnMessage(NatsJSMsg<T> message)
    {
        _consecutive503 = 0;
        lock (_gate)
            _buffered += Cost(message);

        Buffer(message);
    }

    protected override void OnSilence() => Restart();

    protected override void OnStatus(NatsHeaders status)
    {
        if (CompleteIfTerminal(status))
            return;

        lock (_gate)
        {
            // What a request asked for and will not get.
            var header = Limits.InBytes ? "Nats-Pending-Bytes" : "Nats-Pending-Messages";
            if (status.TryGetLastValue(header, out var text) && long.TryParse(text, out var unserved))
                _outstanding = Math.Max(_outstanding - unserved, _buffered);
        }

        switch (status)
        {
            case { Code: 503 }:
                OnNoResponders();
                return;
            case { Code: 409 } when status.MessageText.Equals("Leadership Change", StringComparison.OrdinalIgnoreCase):
                Notify(NatsJSLeadershipChangeNotification.Default);
                Restart();
                return;
            case { Code: 409, Message: NatsHeaders.Messages.MessageSizeExceedsMaxBytes }:
                Notify(NatsJSMessageSizeExceedsMaxBytesNotification.Default);
                break;
            case { Code: 100 or 408 }:
                break;
            default:
                NotifyUnknown(status);
                break;
        }

        lock (_gate)
            PullMore();
    }

    // The next request goes out when the watch finds silence, not at once: nobody is there to take it.
    private void OnNoResponders()
    {
        Notify(NatsJSNoRespondersNotification.Default);
        if (opts.MaxConsecutive503Errors > 0 && ++_consecutive503 >= opts.MaxConsecutive503Errors)
            Complete(new NatsJSException($"Consumer appears to be deleted after {_consecutive503} consecutive 503 errors"));
    }

    // Whatever was on the way is lost.
    private void Restart()
    {
        lock (_gate)
        {
            _outstanding = _buffered;
            PullMore();
        }
    }

    private void PullMore()
    {
        if (_draining || _outstanding > Limits.Threshold || _outstanding >= Limits.Max || Connection.ConnectionState != NatsConnectionState.Open)
            return;

        Request(Limits.Max - _outstanding);
        _outstanding = Limits.Max;
    }

    private long Cost(NatsJSMsg<T> message) => Limits.InBytes ? message.Size : 1;
}
