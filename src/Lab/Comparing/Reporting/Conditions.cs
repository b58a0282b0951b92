using System.Globalization;
using Lab.Comparing.Results;

namespace Lab.Comparing.Reporting;

/// <summary>Under which conditions figures were measured, and what they therefore do not say.</summary>
internal static class Conditions
{
    // A full disk write, a second copy and the size of a batch are what brokers trade for speed: these settings stand beside every figure.
    private static readonly string[] Decisive = ["sync", "flush", "replica", "ack", "batch", "linger"];

    /// <summary>In a line for each transport and one for the machine: what stands beside every figure.</summary>
    public static IReadOnlyList<string> Of(Comparison comparison) => [.. comparison.Transports.Select(Of), Of(comparison.Machine, comparison.Durability)];

    /// <summary>What the figures do not say.</summary>
    public static IEnumerable<string> Limits(Comparison comparison)
    {
        var machine = comparison.Machine;
        yield return string.Create(CultureInfo.InvariantCulture,
            $"Who offered the load, the services, the database and the brokers that were started here shared {Count(machine.Processors, "processor")} and {Figures.Of(machine.MemoryGiB)} GiB: each figure includes what the others took.");
        foreach (var transport in comparison.Transports)
        {
            if (!transport.IsComparable)
                yield return $"{Figures.NameOf(transport)}: the broker is embedded and keeps everything in memory. Its figures show that the flow works: {Figures.EmbeddedMark}.";
            else if (transport.Broker.Name.Contains(" at ", StringComparison.Ordinal))
                yield return $"{Figures.NameOf(transport)}: the broker was not started here, so what it ran on and what lay between is not known to this report.";
        }

        if (comparison.Transports.Any(transport => transport.IsComparable && !transport.Broker.Name.Contains(" at ", StringComparison.Ordinal)))
            yield return "Brokers that were started here were reached over the loopback of this machine: no network lay between, and one machine's failure is everyone's.";
        yield return Replication(comparison);
        yield return $"Durability was \"{comparison.Durability}\": the settings tell what was on the disk when a message was acknowledged. Another one gives other figures.";
        var repeats = comparison.Transports.SelectMany(FlowPhase.Steady).Select(phase => phase.Runs.Count).DefaultIfEmpty().Min();
        if (repeats == 1) yield return "Some phase was measured once only: how far its figures spread is not known.";
        else if (repeats > 1) yield return string.Create(CultureInfo.InvariantCulture, $"Each phase was measured {repeats} times or more: differences within the spread of the repeats are none.");
        if (comparison.Extent == "quick") yield return "A quick run: it shows the order of magnitude. A full one has more repeats and takes longer.";
        if (machine.LoadBefore is { } load && load > machine.Processors / 2.0)
            yield return $"The machine was busy before it began ({Figures.Of(load)} processes wanted to run): the figures may be worse for it.";
    }

    /// <summary>How long something took, in words.</summary>
    public static string Duration(double seconds) => !double.IsFinite(seconds) ? Figures.None
        : seconds < 120 ? string.Create(CultureInfo.InvariantCulture, $"{seconds:0} s")
        : string.Create(CultureInfo.InvariantCulture, $"{seconds / 60:0} min");

    /// <summary>When it began.</summary>
    public static string When(Comparison comparison) => comparison.Began.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture) + " UTC";

    private static string Of(TransportResult transport)
    {
        var decisive = transport.Settings.Where(setting => Decisive.Any(part => setting.Key.Contains(part, StringComparison.OrdinalIgnoreCase)))
            .Select(setting => $"{setting.Key} {setting.Value}").ToArray();
        var mark = transport.IsComparable ? "" : $", {Figures.EmbeddedMark}";
        return $"{Figures.NameOf(transport)}: {transport.Broker}{mark}{(decisive.Length == 0 ? "; fsync, replication, acks, batch and linger were not told" : $"; {string.Join(", ", decisive)}")}.";
    }

    private static string Of(Machine machine, string durability) => string.Create(CultureInfo.InvariantCulture,
        $"Durability {durability}. {machine.Processors} × {machine.Processor}, {Figures.Of(machine.MemoryGiB)} GiB, {machine.FileSystem}, {machine.OperatingSystem}, {machine.Runtime}, load before {Figures.Of(machine.LoadBefore)}.");

    private static string Replication(Comparison comparison)
    {
        var told = (from transport in comparison.Transports
                    from setting in transport.Settings
                    where setting.Key.Contains("replica", StringComparison.OrdinalIgnoreCase)
                    select (Name: Figures.NameOf(transport), setting.Key, setting.Value)).ToArray();
        if (told.Length == 0) return "How many copies a broker keeps is not told here, so nothing says what a cluster costs.";
        return told.All(setting => setting.Value.Trim() == "1")
            ? "Each broker is one server that keeps one copy: nothing here says what replication costs, or what it saves when a machine is gone."
            : $"Copies differ or are more than one ({string.Join("; ", told.Select(setting => $"{setting.Name}: {setting.Key} {setting.Value}"))}): the figures hold for these.";
    }

    private static string Count(int number, string what) => string.Create(CultureInfo.InvariantCulture, $"{number:#,0} {what}{(number == 1 ? "" : "s")}");
}
