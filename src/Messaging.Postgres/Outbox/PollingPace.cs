namespace Messaging.Postgres;

/// <summary>
/// How long an idle relay waits before it looks unasked: soon after it found something that way, for then nobody tells it, and
/// longer each time it found nothing. One relay's own; not thread-safe.
/// </summary>
internal sealed class PollingPace(TimeSpan longest)
{
    private const int Range = 16;

    private int _share = 1;

    /// <summary>The wait from now; at first the longest.</summary>
    public TimeSpan Wait => longest / _share;

    /// <summary>What a look came to that nobody had asked for.</summary>
    public void Looked(bool found) => _share = found ? Range : Math.Max(1, _share / 2);
}
