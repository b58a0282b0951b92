using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing;

/// <summary>What must be known to read the figures of a run.</summary>
internal static class CompareWarnings
{
    // A machine that others use to more than this share before anything of ours runs disturbs what is measured.
    private const double BusyFromShare = 0.25;

    public static IReadOnlyList<string> Of(IReadOnlyList<TransportResult> transports, Machine machine)
    {
        IEnumerable<string?> warnings =
        [
            .. transports.Where(result => !result.IsComparable)
                .Select(result => $"{result.Broker}: function only, not comparable; it keeps nothing on disk and is no Apache Kafka."),
            machine.LoadBefore is { } load && load > machine.Processors * BusyFromShare
                ? string.Create(CultureInfo.InvariantCulture, $"The machine was busy before: a load of {load:0.0} on {machine.Processors} processors.") : null,
            transports.Any(result => result.Flow?.Runs.Any(run => run.IsRefused) == true)
                ? "Some runs are refused: the generator of the load was late, so what they show is the generator." : null,
        ];
        return [.. warnings.OfType<string>()];
    }
}
