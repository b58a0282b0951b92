using System.ComponentModel.DataAnnotations;

namespace Messaging.Postgres;

/// <summary>How long the inbox remembers. Configuration section <c>Inbox</c>.</summary>
public sealed class InboxOptions
{
    /// <summary>A message that comes again within this time is recognised. Default 7 days.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "3650.00:00:00")]
    public TimeSpan Keep { get; set; } = TimeSpan.FromDays(7);

    /// <summary>How often what is older is removed. Default 1 minute.</summary>
    [Range(typeof(TimeSpan), "00:00:00.100", "1.00:00:00")]
    public TimeSpan PruneInterval { get; set; } = TimeSpan.FromMinutes(1);

    /// <summary>How many ids one removal takes at most, so that none holds its locks for long. Default 5,000.</summary>
    [Range(1, 1_000_000)]
    public int PruneStep { get; set; } = 5_000;
}
