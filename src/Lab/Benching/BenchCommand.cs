using System.CommandLine;
using Lab.Benching.Nats;

namespace Lab.Benching;

/// <summary>The verb <c>bench</c>: what is measured by itself, outside of the flow.</summary>
internal static class BenchCommand
{
    private static readonly Option<int> Messages = Verb.Number("--messages", "How many messages a round of each scenario takes", 50_000, 1_000_000);

    private static readonly Option<int> Rounds = Verb.Number("--rounds", "How often each scenario is measured, after one round to warm up", 5, 100);

    private static readonly Option<FileInfo?> Json = Verb.OutputFile("--json", "Writes the report as JSON to this file, too.");

    public static Command Create()
    {
        var nats = new Command("nats", "Measures the NATS client: processor time per message of client and server.") { Messages, Rounds, Json };
        nats.SetAction((arguments, cancel) => Verb.RunAsync(
            arguments.GetValue(Json),
            async (console, json) =>
            {
                var report = await new NatsBench(arguments.GetValue(Messages), arguments.GetValue(Rounds), console).RunAsync(cancel);
                NatsBenchView.Show(console, report);
                if (json is not null) await report.WriteAsync(json, cancel);
                return ExitCodes.Kept;
            },
            cancel));
        return new Command("bench", "Measures one part by itself. Run it alone on the machine.") { nats };
    }
}
