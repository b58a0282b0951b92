using System.Text.Json.Serialization;

namespace Lab.Comparing.Results;

/// <summary>Everything a run of <c>compare</c> measured, and under which conditions.</summary>
internal sealed record Comparison
{
    /// <summary>The version of this document's shape.</summary>
    public int Schema { get; init; } = 1;

    public required DateTimeOffset Began { get; init; }

    public required double TookSeconds { get; init; }

    /// <summary>The command that repeats it.</summary>
    public required string Command { get; init; }

    /// <summary><c>quick</c> or <c>full</c>.</summary>
    public required string Extent { get; init; }

    /// <summary><c>default</c> or <c>synced</c>.</summary>
    public required string Durability { get; init; }

    /// <summary>Why it ended before everything was measured, such as an interruption; null when it is whole.</summary>
    public string? Partial { get; init; }

    /// <summary>Whether the transports are known to promise the same when they acknowledge. Where not, nothing is ranked.</summary>
    public bool IsDurabilityEqual { get; init; } = true;

    public required Machine Machine { get; init; }

    /// <summary>In the order in which they were asked for.</summary>
    public required IReadOnlyList<TransportResult> Transports { get; init; }

    /// <summary>Whether not one figure was measured.</summary>
    [JsonIgnore]
    public bool IsEmpty => Transports.All(transport => transport is { Lane.Count: 0, Flow: null });

    /// <summary>What must be known to read the figures, a sentence each: unequal durability, an embedded broker, a busy machine.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];
}

/// <summary>What everything ran on.</summary>
/// <param name="Processor">Its name.</param>
/// <param name="Processors">How many of them the system shows.</param>
/// <param name="MemoryGiB">How much there is.</param>
/// <param name="OperatingSystem">Its name and version.</param>
/// <param name="Runtime">The .NET that ran it.</param>
/// <param name="FileSystem">Of the directory in which the servers keep what they write.</param>
/// <param name="LoadBefore">How many processes wanted to run, on average over the minute before; null where it is not told.</param>
internal sealed record Machine(
    string Processor, int Processors, double MemoryGiB, string OperatingSystem, string Runtime, string FileSystem, double? LoadBefore);
