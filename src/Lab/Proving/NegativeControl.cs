using Lab.Faults;

namespace Lab.Proving;

/// <summary>
/// A run that must fail: with an anti-pattern switched on, under the faults that show it. A checker that never fails proves nothing.
/// </summary>
/// <param name="Antipattern">Its name in the configuration and in <c>docs/antipatterns</c>.</param>
/// <param name="MustBreak">The invariant that its page names: it must be broken, whatever else is.</param>
/// <param name="Strikes">The faults that show it, always at the same times; none where the flow itself does.</param>
internal sealed record NegativeControl(string Antipattern, int MustBreak, params IReadOnlyList<Strike> Strikes)
{
    private const string JetStream = "jetstream";
    private const string Kafka = "kafka";

    /// <summary>Whether it is shown on the saga, which choreography does not have.</summary>
    public bool NeedsSaga => Antipattern == "no-compensation" || Strikes.Any(strike => strike.Target == HotTable.Sagas);

    /// <summary>Environment variables of the services that make it show sooner.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Every anti-pattern of the flow.</summary>
    public static IReadOnlyList<NegativeControl> All { get; } =
    [
        // What a paused nats-server was sent, it takes when it goes on; an embedded Kafka forgets everything when it is killed.
        new("dual-write", 1,
            new Strike(2, 1, "broker-kill", "nats", JetStream), new Strike(6, 1, "broker-kill", "nats", JetStream),
            new Strike(2, 3, "broker-pause", "kafka", Kafka), new Strike(7, 3, "broker-pause", "kafka", Kafka))
        {
            // The sooner a publish gives up, the sooner its message is lost.
            Settings = new Dictionary<string, string>(StringComparer.Ordinal)
            {
                ["Messaging__JetStream__PublishTimeout"] = "00:00:00.5",
                ["Messaging__Kafka__PublishTimeout"] = "00:00:01",
            },
        },
        new("no-inbox", 4, new Strike(2, 8, "duplicates", "topics")),

        // A lock fills the hands of the handlers; what then ends them takes it along.
        new("ack-before-handle", 1,
            new Strike(2, 3, "lock-held", HotTable.Sagas), new Strike(3, 2, "sessions-terminated", "postgres"),
            new Strike(6, 2, "lock-held", HotTable.Sagas), new Strike(7.5, 1, "kill", "orders")),
        new("unordered-retry", 4,
            new Strike(2, 2, "handler-failing", "orders-handlers"), new Strike(5, 2, "handler-failing", "orders-handlers"),
            new Strike(8, 2, "handler-failing", "orders-handlers")),
        new("no-idempotency-key", 3),
        new("no-compensation", 2),
        new("inbox-in-another-transaction", 1,
            new Strike(2, 3, "lock-held", HotTable.Views), new Strike(3, 2, "sessions-terminated", "postgres"),
            new Strike(7, 3, "lock-held", HotTable.Views), new Strike(8, 2, "sessions-terminated", "postgres")),
        new("auto-commit-offsets", 1,
            new Strike(2, 3, "lock-held", HotTable.Sagas), new Strike(3, 2, "sessions-terminated", "postgres"),
            new Strike(7, 3, "lock-held", HotTable.Sagas), new Strike(8, 2, "sessions-terminated", "postgres")),
        new("relay-by-sequence-cursor", 5),
    ];

    /// <summary>The control of an anti-pattern; null when there is none of that name.</summary>
    public static NegativeControl? Find(string antipattern) => All.FirstOrDefault(control => control.Antipattern == antipattern);

    /// <summary>What strikes on a transport.</summary>
    public IReadOnlyList<PlannedFault> On(string transport) =>
        [.. Strikes.Where(strike => strike.Only is null || strike.Only == transport).Select(strike => strike.Plan())];
}

/// <summary>A fault at a fixed time.</summary>
/// <param name="At">Seconds after the load began.</param>
/// <param name="Seconds">How long it is kept up.</param>
/// <param name="Fault">Its kind, as <see cref="FaultCatalog"/> calls it.</param>
/// <param name="Target">What it strikes.</param>
/// <param name="Only">The transport on which it strikes; null: on each.</param>
internal sealed record Strike(double At, double Seconds, string Fault, string Target, string? Only = null)
{
    /// <summary>The same, for the conductor.</summary>
    /// <exception cref="LabException">There is no such fault.</exception>
    public PlannedFault Plan() => new(
        TimeSpan.FromSeconds(At), TimeSpan.FromSeconds(Seconds), FaultCatalog.Find(Fault) ?? throw new LabException($"there is no fault '{Fault}'"), Target);
}
