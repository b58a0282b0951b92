using Standins.NATS.Client.Core;

namespace Standins.NATS.Client.JetStream;

/// <summary>One pull request: ends when it is served, when its time is over or when the server says so.</summary>
internal sealed class FetchPull<T>(NatsJSConsumer consumer, NatsJSFetchOpts opts, INatsDeserialize<T>? deserializer, bool noWait)
    : Pull<T>(consumer, PullLimits.From(opts), deserializer, opts.NotificationHandler)
{
    private long _left;

    public override void Resubscribed() => Request(_left, noWait);

    protected override void OnStart()
    {
        _left = Limits.Max;
        Request(_left, noWait);
    }

    protected override void OnMessage(NatsJSMsg<T> message)
    {
        Buffer(message);
        if ((_left -= Limits.InBytes ? message.Size : 1) <= 0)
            Complete();
    }

    protected override void OnSilence() => Complete();

    protected override void OnStatus(NatsHeaders status)
    {
        switch (status)
        {
            case { Code: 100 }:
                break;
            case { Code: 404 or 408 }:
            case { Code: 409, Message: NatsHeaders.Messages.MessageSizeExceedsMaxBytes }:
                Complete();
                break;
            case { Code: 503 }:
                Notify(NatsJSNoRespondersNotification.Default);
                Complete();
                break;
            default:
                if (!CompleteIfTerminal(status))
                    NotifyUnknown(status);

                break;
        }
    }
}
