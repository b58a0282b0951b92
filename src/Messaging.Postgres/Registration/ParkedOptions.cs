using System.ComponentModel.DataAnnotations;

namespace Messaging.Postgres;

/// <summary>How parked messages are tried again. Configuration section <c>Parked</c>. When and how often is the group's <see cref="RetryPolicy"/>.</summary>
public sealed class ParkedOptions
{
    /// <summary>How many queues of parked messages this process works on side by side. Default 2.</summary>
    [Range(1, 64)]
    public int Retriers { get; set; } = 2;

    /// <summary>
    /// How long at most a retrier waits before it looks unasked; only what another process parked or redrove waits that long. Default 500 ms.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:00.010", "00:01:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);
}
