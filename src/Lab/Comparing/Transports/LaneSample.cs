using Lab.Comparing.Measuring;

namespace Lab.Comparing.Transports;

/// <summary>One repeat of a case. Every message arrived, in every group.</summary>
/// <param name="Messages">How many; of an open loop, those on record.</param>
/// <param name="PerSecond">Messages per second; one that went to several groups counts once.</param>
/// <param name="ClientMicroseconds">Processor time of this process per message.</param>
/// <param name="BrokerMicroseconds">Processor time of the broker per message; null when it cannot be read.</param>
internal sealed record LaneSample(int Messages, double PerSecond, double ClientMicroseconds, double? BrokerMicroseconds)
{
    /// <summary>How many messages came to a group a second time: something disturbed a consumer.</summary>
    public int Repeated { get; init; }

    /// <summary>From when a message was meant to be sent until it was. Only of an open loop, as the others below.</summary>
    public LatencyHistogram? PublishDelay { get; init; }

    /// <summary>From when it was sent until the broker had acknowledged it.</summary>
    public LatencyHistogram? Publish { get; init; }

    /// <summary>From when it was meant to be sent until its handler had it.</summary>
    public LatencyHistogram? EndToEnd { get; init; }
}
