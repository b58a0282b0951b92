namespace Lab.Faults;

/// <summary>What strikes when, and what cannot.</summary>
/// <param name="Planned">The faults, in the order in which they strike.</param>
/// <param name="LeftOut">The kinds that cannot strike here, with the reason.</param>
internal sealed record FaultPlan(IReadOnlyList<PlannedFault> Planned, IReadOnlyList<LeftOutFault> LeftOut);
