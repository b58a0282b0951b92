using Lab.Faults;

namespace Lab.Reporting;

/// <summary>Faults of one area that can be drawn in one row, for they and their labels do not overlap.</summary>
internal sealed record FaultLane(FaultArea Area, IReadOnlyList<StruckFault> Faults)
{
    /// <summary>As few rows as there must be: each fault goes into the first row of its area that has room.</summary>
    /// <param name="faults">The faults.</param>
    /// <param name="room">What one takes up, its label included.</param>
    public static IReadOnlyList<FaultLane> Pack(IEnumerable<StruckFault> faults, Func<StruckFault, (double From, double To)> room)
    {
        var lanes = new List<(FaultArea Area, List<StruckFault> Faults)>();
        foreach (var fault in faults.OrderBy(fault => fault.Area).ThenBy(fault => fault.Began))
        {
            var (from, to) = room(fault);
            var lane = lanes.Find(lane => lane.Area == fault.Area && lane.Faults.TrueForAll(other => room(other).To <= from || room(other).From >= to));
            if (lane.Faults is null) lanes.Add((fault.Area, [fault]));
            else lane.Faults.Add(fault);
        }

        return [.. lanes.Select(lane => new FaultLane(lane.Area, lane.Faults))];
    }
}
