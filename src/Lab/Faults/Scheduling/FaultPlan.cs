namespace Lab.Faults;

/// <summary>What strikes when, and what cannot.</summary>
/// <param name="Planned">The faults, in the order in which they strike.</param>
/// <param name="LeftOut">The kinds that cannot strike here, with the reason.</param>
internal sealed record FaultPlan(IReadOnlyList<PlannedFault> Planned, IReadOnlyList<LeftOutFault> LeftOut)
{
    /// <summary>A fixed schedule, without what cannot strike in this system.</summary>
    public static FaultPlan Of(IReadOnlyList<PlannedFault> schedule, FaultSite site)
    {
        var possible = schedule.ToLookup(planned => planned.Fault.Hindrance(site) is null);
        return new FaultPlan(
            [.. possible[true]],
            [.. possible[false].Select(planned => new LeftOutFault(planned.Fault.Name, planned.Fault.Hindrance(site)!)).Distinct()]);
    }
}
