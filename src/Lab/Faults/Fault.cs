using Lab.Running;

namespace Lab.Faults;

/// <summary>
/// One kind of fault: strikes something of a running system, keeps it up for a while and heals it by itself. Stateless: one object
/// serves many strikes, one after another or side by side on different targets.
/// </summary>
/// <param name="Name">What <c>--faults</c> calls it, such as <c>kill</c> or <c>network-stall</c>.</param>
/// <param name="Area">What it strikes.</param>
internal abstract record Fault(string Name, FaultArea Area)
{
    /// <summary>What it does, in a few words, for the report.</summary>
    public abstract string Description { get; }

    /// <summary>How long it lasts at least and at most; the schedule draws a duration between. Equal for what is over at once.</summary>
    public abstract (TimeSpan Shortest, TimeSpan Longest) Duration { get; }

    /// <summary>What it can strike in this system: a service, a server, a link such as <c>payments-database</c>; never empty where it can strike at all.</summary>
    public abstract IReadOnlyList<string> Targets(FaultSite site);

    /// <summary>Why it cannot strike in this system at all, for the report; null when it can.</summary>
    public virtual string? Hindrance(FaultSite site) => null;

    /// <summary>Whether it shows what it is to show while a fault of another area is up.</summary>
    public virtual bool GoesWith(FaultArea other) => other != Area;

    /// <summary>Prepares the system before the load begins, such as a small disk. Only called for faults of the schedule.</summary>
    public virtual Task PrepareAsync(FaultSite site, CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Strikes, waits and heals. When it returns or throws, nothing of the fault is left, also when cancelled.</summary>
    /// <param name="site">The system.</param>
    /// <param name="target">One of <see cref="Targets"/>.</param>
    /// <param name="duration">How long to keep it up.</param>
    /// <param name="cancellationToken">Ends the fault early; it heals all the same.</param>
    /// <returns>What happened, in a few words, for the timeline; null when there is nothing to add.</returns>
    /// <exception cref="LabException">It could not strike.</exception>
    public abstract Task<string?> StrikeAsync(FaultSite site, string target, TimeSpan duration, CancellationToken cancellationToken);
}

/// <summary>What a fault strikes.</summary>
internal enum FaultArea
{
    Service,
    Broker,
    Database,
    Network,
    Provider,
    Messages,
}

/// <summary>Where faults strike: a running system and what they need to know of it.</summary>
/// <param name="System">The system.</param>
/// <param name="Options">How it was started.</param>
/// <param name="Clock">Measures the waits.</param>
/// <param name="Seed">For what a fault draws itself, such as which messages to repeat; another one for each strike.</param>
/// <param name="Orders">How many orders are going to be sent.</param>
internal sealed record FaultSite(RunningSystem System, SystemOptions Options, TimeProvider Clock, int Seed, int Orders);

/// <summary>A fault of a schedule.</summary>
/// <param name="At">When it strikes, after the load began.</param>
/// <param name="Duration">How long it is kept up.</param>
/// <param name="Fault">Its kind.</param>
/// <param name="Target">What it strikes.</param>
internal sealed record PlannedFault(TimeSpan At, TimeSpan Duration, Fault Fault, string Target);

/// <summary>A fault that struck.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="Area">What it struck.</param>
/// <param name="Description">What it does.</param>
/// <param name="Target">What it struck.</param>
/// <param name="Began">When.</param>
/// <param name="Healed">When nothing of it was left.</param>
/// <param name="Note">What it tells of itself.</param>
/// <param name="Failure">Why it could not strike; null when it did.</param>
internal sealed record StruckFault(
    string Name, FaultArea Area, string Description, string Target, DateTimeOffset Began, DateTimeOffset Healed, string? Note, string? Failure)
{
    /// <summary>From healed until the flow ended orders at its rate again, to the second; null when it did not.</summary>
    public double? RecoverySeconds { get; init; }

    /// <summary>From healed until the last order had ended that was due before; null when such an order has not ended.</summary>
    public double? CaughtUpSeconds { get; init; }
}

/// <summary>A fault that could not be part of the run.</summary>
internal sealed record LeftOutFault(string Name, string Why);
