namespace Standins.NATS.Client.JetStream;

/// <summary>The limits of a pull, checked and with defaults filled in. Counts either messages or bytes.</summary>
internal readonly record struct PullLimits(bool InBytes, long Max, long Threshold, TimeSpan Expires, TimeSpan IdleHeartbeat)
{
    // With a limit in bytes the server still wants a number of messages.
    public const long ManyMessages = 1_000_000;

    private static readonly TimeSpan DefaultExpires = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan MinExpires = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan MinHeartbeat = TimeSpan.FromSeconds(0.5);
    private static readonly TimeSpan MaxHeartbeat = TimeSpan.FromSeconds(30);

    /// <summary>Throws <see cref="NatsJSException"/> on limits that contradict each other or the server.</summary>
    public static PullLimits From(NatsJSConsumeOpts opts) =>
        From(opts.MaxMsgs, opts.MaxBytes, opts.ThresholdMsgs, opts.ThresholdBytes, opts.Expires, opts.IdleHeartbeat);

    /// <inheritdoc cref="From(NatsJSConsumeOpts)"/>
    public static PullLimits From(NatsJSFetchOpts opts) =>
        From(opts.MaxMsgs, opts.MaxBytes, thresholdMsgs: null, thresholdBytes: null, opts.Expires, opts.IdleHeartbeat);

    private static PullLimits From(int? maxMsgs, int? maxBytes, int? thresholdMsgs, int? thresholdBytes, TimeSpan? expires, TimeSpan? idleHeartbeat)
    {
        if (maxMsgs is null == maxBytes is null)
            throw new NatsJSException(maxMsgs is null ? "You must set maxBytes or maxMsgs" : "You can only set maxBytes or maxMsgs");

        var max = maxMsgs ?? maxBytes!.Value;
        var threshold = (maxMsgs is null ? thresholdBytes : thresholdMsgs) ?? max / 2;
        if (max < 1 || threshold > max || threshold < 0)
            throw new NatsJSException($"threshold {threshold} must be between 0 and the maximum {max}, which must be positive");

        var wait = expires ?? DefaultExpires;
        if (wait < MinExpires)
            throw new NatsJSException($"expires must be at least {MinExpires}");

        var idle = idleHeartbeat ?? wait / 2;
        if (idle > MaxHeartbeat || (idle != TimeSpan.Zero && idle < MinHeartbeat))
            throw new NatsJSException($"idleHeartbeat must be between {MinHeartbeat} and {MaxHeartbeat}");

        return new PullLimits(maxMsgs is null, max, threshold, wait, idle);
    }
}
