using System.CommandLine;
using System.CommandLine.Parsing;
using System.Security.Cryptography;
using Lab.Faults;
using Lab.Reporting;
using Lab.Running;

namespace Lab.Proving;

/// <summary>The verb <c>prove</c>: its options, its exit code, its one line for whatever fails.</summary>
internal static class ProveCommand
{
    private const int MostOrders = 500_000;

    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(120);

    private static readonly Option<string?> Transport = Verb.Transport($"The broker the services talk through, {Verb.Transports[0]} by default.");

    private static readonly Option<int> Seconds = Verb.Number("--seconds", "How long orders are sent", 60, 24 * 3600);

    private static readonly Option<int> Rate = Verb.Number("--rate", "How many orders are sent per second", 50, 2_000);

    private static readonly Option<int?> Seed =
        new("--seed") { Description = "Repeats a run: same seed, same orders and same schedule of faults. Another one each time by default." };

    private static readonly Option<string?> Faults =
        new("--faults") { Description = $"Which kinds of faults may strike, separated by commas; all by default, none for none: {string.Join(", ", FaultCatalog.All.Select(fault => fault.Name))}." };

    private static readonly Option<string?> Antipattern = new("--antipattern")
    {
        Description = $"Breaks the system on purpose; the run must then fail: {string.Join(", ", NegativeControl.All.Select(control => control.Antipattern))}.",
    };

    private static readonly Option<string?> Coordination = Verb.Coordination();

    private static readonly Option<FileInfo?> Json = Verb.OutputFile("--json", "Writes the report as JSON to this file, too.");

    private static readonly Option<FileInfo?> Html = Verb.OutputFile("--html", "Writes the report as one page with its picture to this file, too.");

    private static readonly Option<FileInfo?> Log = Verb.OutputFile("--log", "Writes what the services log to this file.");

    public static Command Create()
    {
        Seed.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !int.TryParse(token.Value, out _)) result.AddError($"--seed takes a whole number, not '{token.Value}'.");
        });
        Faults.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && NamesOf(token.Value).FirstOrDefault(name => FaultCatalog.Find(name) is null) is { } unknown)
                result.AddError($"--faults: there is no fault '{unknown}'; there are {string.Join(", ", FaultCatalog.All.Select(fault => fault.Name))}.");
        });

        Antipattern.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && NegativeControl.Find(token.Value) is null)
                result.AddError($"--antipattern: there is no '{token.Value}'; there are {string.Join(", ", NegativeControl.All.Select(control => control.Antipattern))}.");
        });

        var command = new Command("prove", "Runs the flow under load while faults strike by a seeded schedule, heals them and checks the five invariants.")
        {
            Transport, Seconds, Rate, Seed, Faults, Coordination, Antipattern, Json, Html, Log,
        };
        command.Validators.Add(result =>
        {
            if (result.GetValue(Coordination) == Coordinations.Choreography
                && result.GetValue(Antipattern) is { } antipattern && NegativeControl.Find(antipattern) is { NeedsSaga: true })
                result.AddError($"--antipattern {antipattern} is shown on the saga; choreography has none.");
        });
        command.Validators.Add(result =>
        {
            if (NumberOf(result, Seconds) * NumberOf(result, Rate) > MostOrders)
                result.AddError($"--seconds times --rate makes more than {MostOrders:N0} orders; the lab keeps all of them in memory.");
        });
        command.SetAction((arguments, cancel) => RunAsync(OptionsOf(arguments), arguments.GetValue(Json), arguments.GetValue(Html), cancel));
        return command;
    }

    // With an anti-pattern the run is a fixed one, and what is said besides changes it.
    private static ProveOptions OptionsOf(ParseResult arguments)
    {
        var transport = arguments.GetValue(Transport) ?? Verb.Transports[0];
        var options = arguments.GetValue(Antipattern) is { } antipattern
            ? ProveOptions.For(NegativeControl.Find(antipattern)!, transport)
            : new ProveOptions(
                new SystemOptions(transport) { InventoryReplicas = 2, Links = true }, arguments.GetValue(Seconds), arguments.GetValue(Rate),
                RandomNumberGenerator.GetInt32(int.MaxValue), FaultCatalog.All, QuietLimit);
        return options with
        {
            System = options.System with { Coordination = arguments.GetValue(Coordination) ?? Coordinations.Orchestration, Log = arguments.GetValue(Log) },
            Seconds = IsGiven(arguments, Seconds) ? arguments.GetValue(Seconds) : options.Seconds,
            Rate = IsGiven(arguments, Rate) ? arguments.GetValue(Rate) : options.Rate,
            Seed = arguments.GetValue(Seed) ?? options.Seed,
            Faults = arguments.GetValue(Faults) is { } names ? FaultsOf(names) : options.Faults,
            FaultList = arguments.GetValue(Faults) is { } list && list != ProofReport.NoFaults ? string.Join(',', NamesOf(list)) : arguments.GetValue(Faults),
            Schedule = IsGiven(arguments, Faults) ? null : options.Schedule,
        };
    }

    // What is no number is refused by its option.
    private static long NumberOf(SymbolResult result, Option<int> option) =>
        result.GetResult(option) is { Tokens: [var token] } ? int.TryParse(token.Value, out var number) ? number : 0 : result.GetValue(option);

    private static bool IsGiven(ParseResult arguments, Option option) => arguments.GetResult(option) is { Implicit: false };

    private static Task<int> RunAsync(ProveOptions options, FileInfo? data, FileInfo? page, CancellationToken cancellationToken) => Verb.RunAsync(
        data,
        page,
        async (console, json, html) =>
        {
            var report = await new ProveRun(options, console, TimeProvider.System).RunAsync(cancellationToken);
            ProofView.Show(console, report);
            if (json is not null) await report.WriteAsync(json, cancellationToken);
            if (html is not null) await ProofPage.WriteAsync(report, html, cancellationToken);
            if (report.Antipattern is null && !report.Kept) return ExitCodes.Broken;
            if (report.Antipattern is null) return report.IsUndisturbed ? ExitCodes.CouldNotRun : ExitCodes.Kept;
            // A control that does not fail has shown nothing.
            return report.ShownBroken ? ExitCodes.Broken : ExitCodes.CouldNotRun;
        },
        cancellationToken);

    private static IReadOnlyList<Fault> FaultsOf(string names) => [.. NamesOf(names).Select(name => FaultCatalog.Find(name)!)];

    private static IEnumerable<string> NamesOf(string list) => list == ProofReport.NoFaults
        ? [] : list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries).Distinct(StringComparer.Ordinal);
}
