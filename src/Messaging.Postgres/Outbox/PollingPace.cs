namespace Messaging.Postgres;

/// <summary>
/// How long an idle relay waits before it looks unasked: soon after it found something that way, for then nobody tells it, and
/// longer each time it found nothing. One relay's own; not thread-safe.
/// </summary>
internal sealed class PollingPace(TimeSpan longest)
{
    private const int Range = 16;

    /// <summary>The wait from now.</summary>
    public TimeSpan Wait { get; private set; } = longest;

    /// <summary>What a look came to that nobody had asked for.</summary>
    public void Looked(bool found) => Wait = found ? longest / Range : Wait * 2 < longest ? Wait * 2 : longest;
}
