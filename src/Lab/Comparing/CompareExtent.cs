using Lab.Comparing.Flows;
using Lab.Comparing.Recovering;

namespace Lab.Comparing;

/// <summary>How much is measured, and how often.</summary>
/// <param name="Name">What the report calls it.</param>
/// <param name="LaneRepeats">How often each case of the transport lane is measured, transports in turn.</param>
/// <param name="FlowRepeats">On how many systems, each started anew, the flow is measured, transports in turn.</param>
/// <param name="Flow">The flow lane on one system.</param>
/// <param name="Recovery">The recovery lane on one system.</param>
internal sealed record CompareExtent(string Name, int LaneRepeats, int FlowRepeats, FlowExtent Flow, RecoveryExtent Recovery)
{
    /// <summary>Under five minutes for both transports on two cores.</summary>
    public static CompareExtent Quick { get; } = new("quick", 2, 1, FlowExtent.Quick, RecoveryExtent.Quick);

    /// <summary>Everything, with repeats enough to see the spread.</summary>
    public static CompareExtent Full { get; } = new("full", 3, 3, FlowExtent.Full, RecoveryExtent.Full);
}
