namespace Lab.Comparing.Results;

/// <summary>What the flow lane found: orders per second against the time from accepted to ended.</summary>
internal sealed record FlowResult
{
    /// <summary>The most orders per second that were sustained, the median of the searches that came to their end; null when that is none.</summary>
    public double? Capacity { get; init; }

    /// <summary>The repeats whose search for the capacity came to its end, whatever it found.</summary>
    public required IReadOnlyList<int> Searched { get; init; }

    /// <summary>What a step had to keep to count as sustained, in words.</summary>
    public required string Limit { get; init; }

    /// <summary>Every run, in the order in which they were measured.</summary>
    public required IReadOnlyList<FlowRun> Runs { get; init; }
}

/// <summary>The flow under one rate for some seconds, after its warm-up.</summary>
internal sealed record FlowRun
{
    /// <summary><c>idle</c> (one order at a time), <c>ramp</c>, <c>50 %</c> or <c>80 %</c> of the capacity.</summary>
    public required string Phase { get; init; }

    /// <summary>From 1.</summary>
    public required int Repeat { get; init; }

    /// <summary>Orders per second that were offered.</summary>
    public required double Offered { get; init; }

    /// <summary>Orders per second that ended while orders were offered.</summary>
    public required double Ended { get; init; }

    public required double Seconds { get; init; }

    /// <summary>How many orders were sent.</summary>
    public required int Orders { get; init; }

    /// <summary>Whether the limit was kept.</summary>
    public bool IsSustained { get; init; }

    /// <summary>Why it was not sustained, or why its figures do not count; null otherwise.</summary>
    public string? Because { get; init; }

    /// <summary>Whether no figure of it counts: the generator was the bottleneck, or not every order was accepted and confirmed.</summary>
    public bool IsRefused { get; init; }

    /// <summary>Whether that is because not every order was accepted and confirmed: the rate was not sustained, then.</summary>
    public bool IsIncomplete { get; init; }

    /// <summary>From when an order was meant to be sent until it was.</summary>
    public required Latency SendDelay { get; init; }

    /// <summary>From when an order was meant to be sent until the API had accepted it.</summary>
    public required Latency Accept { get; init; }

    /// <summary>From when an order was accepted until its end was told.</summary>
    public required Latency AcceptToEnd { get; init; }

    /// <summary>From when an order was meant to be sent until its end was told.</summary>
    public required Latency Whole { get; init; }

    /// <summary>Where the mean life of an order went, from when it was meant to be sent to its end, in the order in which it passes them.</summary>
    public required IReadOnlyList<StageTime> Stages { get; init; }

    /// <summary>What each process used, the lab itself among them.</summary>
    public required IReadOnlyList<ProcessCost> Processes { get; init; }

    /// <summary>What each database did.</summary>
    public required IReadOnlyList<DatabaseCost> Databases { get; init; }

    /// <summary>Processor time of everything but the lab, per order, in milliseconds; null where it cannot be read.</summary>
    public double? ProcessorMillisecondsPerOrder { get; init; }
}

/// <summary>One stage of an order's life: the mean over all orders of a run, all hops of the order together.</summary>
/// <param name="Stage"><c>accept</c>, <c>outbox wait</c>, <c>broker</c>, <c>inbox wait</c>, <c>handler</c>, <c>commit</c>, <c>bank</c> …</param>
/// <param name="Milliseconds">How long.</param>
internal sealed record StageTime(string Stage, double Milliseconds);

/// <summary>What a process used while it was measured.</summary>
/// <param name="Name">A service, a server, or <c>lab</c>.</param>
/// <param name="ProcessorSeconds">Processor time, of its children too.</param>
/// <param name="MillisecondsPerOrder">The same for each order.</param>
/// <param name="PeakMiB">The most memory it held at any look.</param>
internal sealed record ProcessCost(string Name, double ProcessorSeconds, double MillisecondsPerOrder, double PeakMiB);

/// <summary>What a database did for each order.</summary>
/// <param name="Database">Its name.</param>
/// <param name="CommitsPerOrder">Transactions committed.</param>
/// <param name="RollbacksPerOrder">Transactions rolled back.</param>
/// <param name="RowsWrittenPerOrder">Rows inserted, updated and deleted.</param>
internal sealed record DatabaseCost(string Database, double CommitsPerOrder, double RollbacksPerOrder, double RowsWrittenPerOrder);

/// <summary>What the recovery lane found.</summary>
/// <param name="Runs">Every restart of the broker.</param>
internal sealed record RecoveryResult(IReadOnlyList<RecoveryRun> Runs);

/// <summary>One restart of the broker under load.</summary>
/// <param name="Repeat">From 1.</param>
/// <param name="Rate">Orders per second offered all the time.</param>
/// <param name="DownSeconds">From its end by <c>kill -9</c> until it answered again.</param>
/// <param name="BackSeconds">From then until the flow ended orders at its rate again; null when it did not in time.</param>
/// <param name="CaughtUpSeconds">From then until everything that was held up had ended; null when it did not in time.</param>
internal sealed record RecoveryRun(int Repeat, double Rate, double DownSeconds, double? BackSeconds, double? CaughtUpSeconds);

/// <summary>The phases of the flow lane.</summary>
internal static class FlowPhases
{
    /// <summary>Orders on a system that has nothing else to do, one at a time.</summary>
    public const string Idle = "idle";

    /// <summary>A step of the search for the capacity.</summary>
    public const string Ramp = "ramp";

    /// <summary>Half of the capacity.</summary>
    public const string Half = "50 %";

    /// <summary>As busy as one would run it.</summary>
    public const string Busy = "80 %";
}
