namespace Lab.Faults;

/// <summary>The kinds of faults there are.</summary>
internal static class FaultCatalog
{
    private const int BytesPerSecond = 64 * 1024;

    private static readonly TimeSpan Late = TimeSpan.FromMilliseconds(100);

    /// <summary>All of them, in the order in which help and pages list them.</summary>
    public static IReadOnlyList<Fault> All { get; } =
    [
        new KillFault("kill", FaultArea.Service),
        new PauseFault("pause", FaultArea.Service, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(15)),
        new SignalFault("restart", FaultArea.Service, "TERM"),
        new RelayKilledFault(),
        new HandlerFailingFault(),
        new KillFault("broker-kill", FaultArea.Broker),
        new PauseFault("broker-pause", FaultArea.Broker, TimeSpan.FromSeconds(2), TimeSpan.FromSeconds(8)),
        new KillFault("database-kill", FaultArea.Database),
        new SignalFault("database-restart", FaultArea.Database, "QUIT"),
        new SessionsTerminatedFault(),
        new LockHeldFault(),
        new DiskFullFault(),
        new DueTimesJumpedFault(),
        new LastingNetworkFault("network-delay", "everything between a service and a server arrives late", link => link.Delay(Late)),
        new LastingNetworkFault("network-stall", "nothing between a service and a server arrives, and no connection breaks", link => link.Stall()),
        new LastingNetworkFault("network-cut", "a service is cut off: its connections break and new ones are refused", link => link.Cut()),
        new NetworkResetFault(),
        new AnswersDroppedFault(),
        new LastingNetworkFault("network-narrow", "the line between a service and a server is narrow", link => link.Narrow(BytesPerSecond)),
        new ProviderFault("provider-slow", "the provider answers late, sometimes later than anybody waits", LatencyMs: 1_800),
        new ProviderFault("provider-failing", "the provider refuses most requests (503)", FailureRate: 0.8),
        new ProviderFault("provider-answers-lost", "the provider does what it is asked to and then cuts the connection", LostAnswerRate: 0.5),
        new DuplicatesFault(),
        new PoisonFault(),
    ];

    /// <summary>The kind of that name; null when there is none.</summary>
    public static Fault? Find(string name) => All.FirstOrDefault(fault => fault.Name == name);
}
