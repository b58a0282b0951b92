using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>One pull request: ends when it is served, when its time is over or when the server says so.</summary>
internal sealed class FetchPull<T>(NatsJSConsumer consumer, NatsJSFetchOpts opts, INatsDeserialize<T>? deserializer, bool noWait)
    : Pull<T>(consumer, PullLimits.From(opts.MaxMsgs, opts.Expires, opts.IdleHeartbeat), deserializer)
{
    private int _left;

    public override void Resubscribed() => Request(_left, noWait);

    protected override void OnStart()
    {
        _left = Limits.MaxMsgs;
        Request(_left, noWait);
    }

    protected override void OnMessage(NatsJSMsg<T> message)
    {
        Buffer(message);
        if (--_left == 0)
            Complete();
    }

    protected override void OnSilence() => Complete();

    protected override void OnExpired()
    {
        if (IsExpired)
            Complete();
    }

    protected override void OnStatus(NatsHeaders status)
    {
        if (status.Code is 404 or 408 or 503)
            Complete();
        else if (status.Code != 100 && !CompleteIfTerminal(status))
            LogUnknown(status);
    }
}
