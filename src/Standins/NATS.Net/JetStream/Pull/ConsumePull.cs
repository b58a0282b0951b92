using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>Pulls without end: asks for more whenever what is asked for and not yet taken falls to half.</summary>
internal class ConsumePull<T>(NatsJSConsumer consumer, NatsJSConsumeOpts opts, INatsDeserialize<T>? deserializer)
    : Pull<T>(consumer, PullLimits.From(opts.MaxMsgs, opts.Expires, opts.IdleHeartbeat), deserializer)
{
    private static readonly TimeSpan ClockTolerance = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();

    // Messages asked for and not yet taken: on the way, or buffered.
    private int _outstanding;
    private int _buffered;
    private int _consecutive503;
    private long _restarted;

    /// <summary>The application is done with a message: it counts no more.</summary>
    public void Settled()
    {
        lock (_gate)
        {
            _buffered--;
            _outstanding = Math.Max(_outstanding - 1, _buffered);
            PullMore();
        }
    }

    public override void Resubscribed() => Restart();

    protected override void OnStart() => Restart();

    protected override void OnMessage(NatsJSMsg<T> message)
    {
        _consecutive503 = 0;
        lock (_gate)
            _buffered++;

        Buffer(message);
    }

    protected override void OnSilence() => Restart();

    protected override void OnExpired()
    {
        lock (_gate)
        {
            if (IsExpired)
                Restart();
        }
    }

    protected override void OnStatus(NatsHeaders status)
    {
        if (CompleteIfTerminal(status))
            return;

        switch (status.Code)
        {
            case 503:
                OnNoResponders();
                return;
            case 409 when status.MessageText.Equals("Leadership Change", StringComparison.OrdinalIgnoreCase):
                Restart();
                return;
            case not (100 or 408):
                LogUnknown(status);
                break;
        }

        lock (_gate)
        {
            // What a request asked for and will not get, unless it was given up already.
            if (!IsBelated(status) && status.TryGetLastValue("Nats-Pending-Messages", out var text) && int.TryParse(text, out var unserved))
                _outstanding = Math.Max(_outstanding - unserved, _buffered);

            PullMore();
        }
    }

    // The next request goes out when the watch finds silence, not at once: nobody is there to take it.
    private void OnNoResponders()
    {
        if (opts.MaxConsecutive503Errors > 0 && ++_consecutive503 >= opts.MaxConsecutive503Errors)
            Complete(new NatsJSException($"Consumer appears to be deleted after {_consecutive503} consecutive 503 errors"));
    }

    // Whatever was on the way is lost.
    private void Restart()
    {
        lock (_gate)
        {
            _restarted = Environment.TickCount64;
            _outstanding = _buffered;
            PullMore();
        }
    }

    // None of the requests since the restart can have expired yet.
    private bool IsBelated(NatsHeaders status) =>
        status.Code == 408 && Environment.TickCount64 - _restarted < (Limits.Expires - ClockTolerance).TotalMilliseconds;

    private void PullMore()
    {
        if (_outstanding > Limits.MaxMsgs / 2 || _outstanding >= Limits.MaxMsgs || Connection.ConnectionState != NatsConnectionState.Open)
            return;

        Request(Limits.MaxMsgs - _outstanding);
        _outstanding = Limits.MaxMsgs;
    }
}
