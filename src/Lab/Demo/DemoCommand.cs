using System.CommandLine;
using System.Security.Cryptography;
using Lab.Running;

namespace Lab.Demo;

/// <summary>The verb <c>demo</c>: its options, its exit code, its one line for whatever fails.</summary>
internal static class DemoCommand
{
    private const int MostOrders = 100_000;

    private static readonly Option<string?> Transport = Verb.Transport($"The broker the services talk through, {Verb.Transports[0]} by default.");

    private static readonly Option<string?> Coordination = Verb.Coordination();

    private static readonly Option<int> Orders = Verb.Number("--orders", "How many orders to place", 200, MostOrders);

    private static readonly Option<int?> Seed =
        new("--seed") { Description = "Repeats a run: same seed, same orders. Another one each time by default." };

    private static readonly Option<int> InventoryReplicas = Verb.Number("--inventory-replicas", "How many instances of Inventory run", 1, 8);

    private static readonly Option<bool> Disturb =
        new("--disturb") { Description = "Kills one instance of Inventory in the middle and pauses another (or the same) for 20 s." };

    private static readonly Option<FileInfo?> Json = Verb.OutputFile("--json", "Writes the report as JSON to this file, too.");

    private static readonly Option<FileInfo?> Log = Verb.OutputFile("--log", "Writes what the services log to this file.");

    public static Command Create()
    {
        Seed.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && !int.TryParse(token.Value, out _)) result.AddError($"--seed takes a whole number, not '{token.Value}'.");
        });

        var command = new Command("demo", "Starts the whole system, places orders through its API and checks the five invariants.")
        {
            Transport, Coordination, Orders, Seed, InventoryReplicas, Disturb, Json, Log,
        };
        command.SetAction((arguments, cancel) => RunAsync(
            new DemoOptions(
                arguments.GetValue(Transport) ?? Verb.Transports[0],
                arguments.GetValue(Coordination) ?? Coordinations.Orchestration,
                arguments.GetValue(Orders),
                arguments.GetValue(Seed) ?? RandomNumberGenerator.GetInt32(int.MaxValue),
                arguments.GetValue(InventoryReplicas),
                arguments.GetValue(Disturb),
                arguments.GetValue(Json),
                arguments.GetValue(Log)),
            cancel));
        return command;
    }

    private static Task<int> RunAsync(DemoOptions options, CancellationToken cancellationToken) => Verb.RunAsync(
        options.Json,
        async (console, json) =>
        {
            var report = await new DemoRun(options, console, TimeProvider.System).RunAsync(cancellationToken);
            DemoView.Show(console, report);
            if (json is not null) await report.WriteAsync(json, cancellationToken);
            return report.Kept ? ExitCodes.Kept : ExitCodes.Broken;
        },
        cancellationToken);
}
