using Lab.Comparing.Measuring;
using Lab.Comparing.Results;

namespace Lab.Comparing.Flows;

/// <summary>What was used while the orders of a run were sent, and how many ended meanwhile.</summary>
/// <param name="took">How long.</param>
/// <param name="ended">How many orders ended, those of the lead-in too: as many as are on their way when it is over.</param>
/// <param name="used">What the processes used.</param>
/// <param name="before">What the databases had done before.</param>
/// <param name="after">What they had done after.</param>
internal sealed class FlowWindow(
    TimeSpan took, int ended, IReadOnlyList<UsedByProcess> used, IReadOnlyDictionary<string, Counters> before, IReadOnlyDictionary<string, Counters> after)
{
    public TimeSpan Took => took;

    public int Ended => ended;

    /// <summary>What each process used.</summary>
    public IReadOnlyList<ProcessCost> Processes =>
        [.. used.Select(each => new ProcessCost(each.Name, Math.Round(each.ProcessorSeconds, 2), EachOrder(each.ProcessorSeconds), Math.Round(each.PeakMiB, 1)))];

    /// <summary>What each database did.</summary>
    public IReadOnlyList<DatabaseCost> Databases => DatabaseWork.Between(before, after, ended);

    /// <summary>Processor time of everything but the lab for each order, in milliseconds; null where it cannot be read.</summary>
    public double? ProcessorMillisecondsPerOrder =>
        used.Count == 0 ? null : EachOrder(used.Where(each => each.Name != ProcessUsage.Lab).Sum(each => each.ProcessorSeconds));

    private double EachOrder(double seconds) => Math.Round(seconds * 1000 / Math.Max(1, ended), 3);
}
