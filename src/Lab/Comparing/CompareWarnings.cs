using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing;

/// <summary>What must be known to read the figures of a run.</summary>
internal static class CompareWarnings
{
    // A machine that others use to more than this share before anything of ours runs disturbs what is measured.
    private const double BusyFromShare = 0.25;

    /// <summary>The warnings, a sentence each.</summary>
    /// <param name="transports">What was measured.</param>
    /// <param name="elsewhere">The transports whose broker was not started here.</param>
    /// <param name="machine">What it ran on.</param>
    public static IReadOnlyList<string> Of(IReadOnlyList<TransportResult> transports, IReadOnlyList<string> elsewhere, Machine machine)
    {
        IEnumerable<string?> warnings =
        [
            .. transports.Where(result => !result.IsComparable)
                .Select(result => $"{result.Broker}: function only, not comparable; it keeps nothing on disk and is no Apache Kafka."),
            .. transports.Count < 2 ? [] : elsewhere.Select(name =>
                $"The broker of {name} runs elsewhere, with its own settings, network and machine: that its durability equals the other's is not known, so nothing is ranked."),
            machine.FileSystem is "tmpfs" or "ramfs" ? $"The servers wrote to {machine.FileSystem}, which is memory: no write to the disk was paid for." : null,
            machine.LoadBefore is { } load && load > machine.Processors * BusyFromShare
                ? string.Create(CultureInfo.InvariantCulture, $"The machine was busy before: a load of {load:0.0} on {machine.Processors} processors.") : null,
            transports.Any(result => result.Flow?.Runs.Any(run => run is { IsRefused: true, IsIncomplete: false }) == true)
                ? "Some runs are refused: the generator of the load was late, or single orders were not alone. The table of all runs says which." : null,
            transports.Any(result => result.Flow?.Runs.Any(run => run.IsIncomplete) == true)
                ? "Some runs are refused: not every order was accepted and confirmed, so their figures are those of the others." : null,
        ];
        return [.. warnings.OfType<string>()];
    }
}
