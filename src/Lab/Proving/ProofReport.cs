using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Lab.Checking;
using Lab.Demo;
using Lab.Faults;
using Lab.History;
using Lab.Running;

namespace Lab.Proving;

/// <summary>What a proof showed. The console, the page and the JSON file tell the same.</summary>
internal sealed record ProofReport
{
    private static readonly JsonSerializerOptions Format = new(JsonSerializerDefaults.Web) { WriteIndented = true, Converters = { new JsonStringEnumConverter() } };

    public required string Transport { get; init; }

    public required BrokerDescription Broker { get; init; }

    public required string Postgres { get; init; }

    public required string Coordination { get; init; }

    /// <summary>What was broken on purpose; null: nothing.</summary>
    public required string? Antipattern { get; init; }

    /// <summary>The invariant that the anti-pattern must break; null without one.</summary>
    public int? MustBreak { get; init; }

    public required int Seed { get; init; }

    /// <summary>Orders per second that were sent, whatever became of them.</summary>
    public required int Rate { get; init; }

    /// <summary>How long orders were sent.</summary>
    public required double LoadSeconds { get; init; }

    /// <summary>When the load began: zero of the timeline.</summary>
    public required DateTimeOffset Began { get; init; }

    /// <summary>From the last fault healed and the last order sent until nothing moved any more; null when it never came to rest.</summary>
    public double? QuietAfterSeconds { get; init; }

    /// <summary>What still moved when the wait was over; empty when nothing did.</summary>
    public IReadOnlyList<string> StillUnderWay { get; init; } = [];

    /// <summary>What struck, in the order of its beginning.</summary>
    public required IReadOnlyList<StruckFault> Faults { get; init; }

    public IReadOnlyList<LeftOutFault> LeftOut { get; init; } = [];

    /// <summary>One entry per second since <see cref="Began"/>, until all was quiet.</summary>
    public required IReadOnlyList<SecondOfRun> Timeline { get; init; }

    public required IReadOnlyList<PathResult> Paths { get; init; }

    /// <summary>How many orders were accepted.</summary>
    public int Accepted { get; init; }

    public required IReadOnlyList<InvariantResult> Invariants { get; init; }

    /// <summary>What became of the messages between broker and consumers.</summary>
    public required MessageAccount Messages { get; init; }

    /// <summary>Violations, explained: of each subject the first, up to a limit.</summary>
    public required IReadOnlyList<Explanation> Explanations { get; init; }

    /// <summary>Messages set aside for good, by cause.</summary>
    public required IReadOnlyList<DeadLetterCount> DeadLetters { get; init; }

    /// <summary>What <c>--faults</c> was given; null: every kind.</summary>
    public string? FaultList { get; init; }

    /// <summary>The command that repeats the run: same orders, same schedule of faults.</summary>
    public string Command => string.Create(CultureInfo.InvariantCulture, $"./dev prove --transport {Transport} --coordination {Coordination} --seconds {LoadSeconds:0.###} --rate {Rate} --seed {Seed}")
        + (FaultList is null ? "" : $" --faults {FaultList}")
        + (Antipattern is null ? "" : $" --antipattern {Antipattern}");

    /// <summary>How many violations all invariants found.</summary>
    public int Violations => Invariants.Sum(invariant => invariant.Violations.Count);

    /// <summary>
    /// Whether every promise was kept, nothing is left hanging, no fault failed to strike, and all was seen. A system that confirms nothing keeps
    /// its promises, too; that proves nothing.
    /// </summary>
    public bool Kept => Violations == 0 && StillUnderWay.Count == 0 && Messages is { Lost.Count: 0, Gaps.Count: 0 } && IsAnyConfirmed
        && Faults.All(fault => fault.Failure is null);

    /// <summary>Whether any order was confirmed.</summary>
    public bool IsAnyConfirmed => Paths.Any(path => path.Expected == OrderStates.Confirmed && path.AsExpected > 0);

    /// <summary>Whether faults were to strike and none did: then nothing was shown.</summary>
    public bool IsUndisturbed => Antipattern is null && FaultList != NoFaults && Faults.Count == 0;

    /// <summary>What <c>--faults</c> is given to have none.</summary>
    public const string NoFaults = "none";

    /// <summary>Whether an anti-pattern broke what it must break.</summary>
    public bool ShownBroken => Invariants.Any(invariant => !invariant.Holds && invariant.Number == MustBreak);

    /// <summary>Writes the report as JSON.</summary>
    public Task WriteAsync(Stream stream, CancellationToken cancellationToken) =>
        JsonSerializer.SerializeAsync(stream, this, Format, cancellationToken);
}

/// <summary>What happened in one second of a run.</summary>
/// <param name="Second">Seconds since the load began; the orders of 0.0 to 0.999 are in second 0.</param>
/// <param name="Sent">Orders that were due to be sent in it.</param>
/// <param name="Accepted">Orders that the API accepted in it.</param>
/// <param name="Ended">Orders that reached their end in it.</param>
/// <param name="Open">Orders accepted and not ended at its end.</param>
/// <param name="P50Milliseconds">Of the orders that ended in it and whose path does not wait on purpose: from when they were due to be sent to their end; null when none ended.</param>
/// <param name="P99Milliseconds">The 99th percentile of the same.</param>
internal sealed record SecondOfRun(int Second, int Sent, int Accepted, int Ended, int Open, double? P50Milliseconds, double? P99Milliseconds);

/// <summary>How many messages are dead for one cause.</summary>
internal sealed record DeadLetterCount(string Consumer, string Type, string Cause, int Count)
{
    /// <summary>Counts the dead messages of all services.</summary>
    public static IReadOnlyList<DeadLetterCount> Of(Snapshot snapshot) =>
    [
        .. snapshot.Backlogs.SelectMany(backlog => backlog.Parked).Where(message => message.State == ParkedStates.Dead)
            .GroupBy(message => (message.Consumer, message.Type, message.Cause))
            .Select(same => new DeadLetterCount(same.Key.Consumer, same.Key.Type, same.Key.Cause ?? "", same.Count())),
    ];
}
