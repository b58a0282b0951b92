using Lab.Faults;
using Lab.Running;

namespace Lab.Proving;

/// <summary>What <c>prove</c> was asked to do.</summary>
/// <param name="System">What is to run.</param>
/// <param name="Seconds">How long orders are sent.</param>
/// <param name="Rate">Orders per second.</param>
/// <param name="Seed">Decides orders and faults.</param>
/// <param name="Faults">The kinds of faults that may strike.</param>
/// <param name="QuietLimit">How long the system may take to come to rest after the last fault.</param>
/// <param name="MustBreak">With an anti-pattern: the invariants of which it must break one.</param>
internal sealed record ProveOptions(
    SystemOptions System, int Seconds, int Rate, int Seed, IReadOnlyList<Fault> Faults, TimeSpan QuietLimit, IReadOnlyList<int> MustBreak)
{
    // What an anti-pattern breaks stays broken: nobody needs to wait long for it to come right.
    private const int SecondsOfControl = 15;
    private const int RateOfControl = 40;
    private static readonly TimeSpan QuietLimitOfControl = TimeSpan.FromSeconds(15);

    /// <summary>A run that must fail, always the same one.</summary>
    public static ProveOptions For(NegativeControl control, string transport) => new(
        new SystemOptions(transport) { Antipattern = control.Antipattern, Settings = control.Settings },
        SecondsOfControl, RateOfControl, Seed: 1, control.Kinds, QuietLimitOfControl, control.MustBreak);
}
