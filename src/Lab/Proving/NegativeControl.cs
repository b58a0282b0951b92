using Lab.Faults;

namespace Lab.Proving;

/// <summary>
/// A run that must fail: with an anti-pattern switched on, under the faults that show it. A checker that never fails proves nothing.
/// </summary>
/// <param name="Antipattern">Its name in the configuration and in <c>docs/antipatterns</c>.</param>
/// <param name="MustBreak">The invariants of which it must break at least one; the first is the one its page names.</param>
/// <param name="Faults">The faults that show it; none where the flow itself does.</param>
internal sealed record NegativeControl(string Antipattern, IReadOnlyList<int> MustBreak, IReadOnlyList<string> Faults)
{
    /// <summary>Environment variables of the services that make it show sooner.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Every anti-pattern of the flow.</summary>
    public static IReadOnlyList<NegativeControl> All { get; } =
    [
        new("dual-write", [1], ["broker-pause", "broker-kill"])
        {
            // The sooner a publish gives up, the sooner its message is lost.
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Messaging__JetStream__PublishTimeout"] = "00:00:00.5",
                ["Messaging__Kafka__PublishTimeout"] = "00:00:01",
            },
        },
        new("no-inbox", [4], ["sessions-terminated"]),
        new("ack-before-handle", [1, 2], ["lock-held", "kill"]),
        new("unordered-retry", [4], ["handler-failing"]),
        new("no-idempotency-key", [3], ["provider-answers-lost"]),
        new("no-compensation", [2, 3], []),
        new("inbox-in-another-transaction", [1], ["sessions-terminated"]),
        new("auto-commit-offsets", [1], ["lock-held", "sessions-terminated"]),
        new("relay-by-sequence-cursor", [5, 1], []),
    ];

    /// <summary>The control of an anti-pattern; null when there is none of that name.</summary>
    public static NegativeControl? Find(string antipattern) => All.FirstOrDefault(control => control.Antipattern == antipattern);

    /// <summary>The kinds of faults that show it.</summary>
    public IReadOnlyList<Fault> Kinds => [.. Faults.Select(name => FaultCatalog.Find(name) ?? throw new LabException($"There is no fault '{name}'."))];
}
