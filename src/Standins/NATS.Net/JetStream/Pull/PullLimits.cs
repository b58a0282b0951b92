using System.Runtime.InteropServices;

namespace Standins.NATS.Client.JetStream;

/// <summary>The limits of a pull, checked and with defaults filled in.</summary>
[StructLayout(LayoutKind.Auto)]
internal readonly record struct PullLimits(int MaxMsgs, TimeSpan Expires, TimeSpan IdleHeartbeat)
{
    private static readonly TimeSpan DefaultExpires = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MinExpires = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MinHeartbeat = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxHeartbeat = TimeSpan.FromSeconds(30);

    /// <summary>Throws <see cref="NatsJSException"/> on limits that contradict each other or the server.</summary>
    public static PullLimits From(int? maxMsgs, TimeSpan? expires, TimeSpan? idleHeartbeat)
    {
        if (maxMsgs is not > 0)
            throw new NatsJSException("You must set maxMsgs to a positive number");

        var wait = expires ?? DefaultExpires;
        if (wait < MinExpires)
            throw new NatsJSException($"expires must be at least {MinExpires}");

        var idle = idleHeartbeat ?? wait / 2;
        if (idle > MaxHeartbeat || (idle != TimeSpan.Zero && idle < MinHeartbeat))
            throw new NatsJSException($"idleHeartbeat must be between {MinHeartbeat} and {MaxHeartbeat}");

        return new PullLimits(maxMsgs.Value, wait, idle);
    }
}
