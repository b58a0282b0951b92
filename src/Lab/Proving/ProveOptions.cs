using Lab.Faults;
using Lab.Running;

namespace Lab.Proving;

/// <summary>What <c>prove</c> was asked to do.</summary>
/// <param name="System">What is to run.</param>
/// <param name="Seconds">How long orders are sent.</param>
/// <param name="Rate">Orders per second.</param>
/// <param name="Seed">Decides orders and faults.</param>
/// <param name="Faults">The kinds of faults that may strike, where the schedule is drawn.</param>
/// <param name="QuietLimit">How long the system may take to come to rest after the last fault.</param>
internal sealed record ProveOptions(
    SystemOptions System, int Seconds, int Rate, int Seed, IReadOnlyList<Fault> Faults, TimeSpan QuietLimit)
{
    /// <summary>How many orders are placed before: a system that has just started would be busy with itself.</summary>
    public int WarmUpOrders { get; init; } = 200;

    /// <summary>With an anti-pattern: the invariant that it must break.</summary>
    public int? MustBreak { get; init; }

    /// <summary>The kinds that were asked for, as <c>--faults</c> takes them; null when all may strike or the schedule is fixed.</summary>
    public string? FaultList { get; init; }

    /// <summary>What strikes when, where that is fixed; null: a schedule is drawn from the seed.</summary>
    public IReadOnlyList<PlannedFault>? Schedule { get; init; }

    /// <summary>How much longer it may take while messages are still to be handled, or just were: what waits for those is late, not broken. Default: no longer.</summary>
    public TimeSpan DeliveryLimit { get; init; }

    // What an anti-pattern breaks stays broken: nobody needs to wait for it much longer than a sound flow needs (12 s). But on Kafka a dead
    // member's groups may be back half a minute later, and an order that waits for them, and then for a deadline, looks like one that is lost.
    private const int SecondsOfControl = 10;
    private const int RateOfControl = 40;
    private static readonly TimeSpan QuietLimitOfControl = TimeSpan.FromSeconds(20);
    private static readonly TimeSpan DeliveryLimitOfControl = TimeSpan.FromSeconds(60);

    /// <summary>A run that must fail, always the same one.</summary>
    public static ProveOptions For(NegativeControl control, string transport) => new(
        new SystemOptions(transport) { Antipattern = control.Antipattern, Settings = control.Settings },
        SecondsOfControl, RateOfControl, Seed: 1, Faults: [], QuietLimitOfControl)
    {
        MustBreak = control.MustBreak,
        DeliveryLimit = DeliveryLimitOfControl,
        WarmUpOrders = 8,
        Schedule = control.On(transport),
    };
}
