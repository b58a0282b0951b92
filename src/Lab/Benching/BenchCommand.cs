using System.CommandLine;
using Lab.Benching.Nats;
using Lab.Benching.Receiving;
using Lab.Benching.Relays;
using Lab.Benching.Transports;

namespace Lab.Benching;

/// <summary>The verb <c>bench</c>: what is measured by itself, outside of the flow.</summary>
internal static class BenchCommand
{
    private static readonly Option<int> Messages = Verb.Number("--messages", "How many messages a round of each scenario takes", 50_000, 1_000_000);

    private static readonly Option<string?> Transport = Verb.Transport("The broker; both in turn by default.");

    private static readonly Option<int> Published = Verb.Number("--messages", "How many messages a round publishes and consumes", 20_000, 1_000_000);

    private static readonly Option<int> Rounds = Verb.Number("--rounds", "How often each scenario is measured, after one round to warm up", 5, 100);

    private static readonly Option<int> Drained = Verb.Number("--messages", "How many messages a full outbox has", 100_000, 1_000_000);

    private static readonly Option<int> Received = Verb.Number("--messages", "How many messages lie in the broker", 50_000, 1_000_000);

    private static readonly Option<int> RelayRounds = Verb.Number("--rounds", "How often each scenario is measured, after one round to warm up", 3, 100);

    private static readonly Option<string?> Only = new("--only") { Description = "Measures only the scenarios with this in their name." };

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
        var transport = new Command("transport", "Measures the port against the broker's own client, in one process with the same durability.")
        {
            Transport, Published, Rounds, Json,
        };
        transport.SetAction((arguments, cancel) => Verb.RunAsync(
            arguments.GetValue(Json),
            async (console, json) =>
            {
                var reports = new List<TransportReport>();
                foreach (var name in arguments.GetValue(Transport) is { } one ? [one] : Verb.Transports)
                {
                    reports.Add(await new TransportBench(name, arguments.GetValue(Published), arguments.GetValue(Rounds), console).RunAsync(cancel));
                    TransportBenchView.Show(console, reports[^1]);
                }

                if (json is not null) await TransportReport.WriteAsync(json, reports, cancel);
                return ExitCodes.Kept;
            },
            cancel));
        return new Command("bench", "Measures one part by itself. Run it alone on the machine.") { nats, transport, Relay(), Receive() };
    }

    private static Command Relay()
    {
        var relay = new Command("relay", "Measures the outbox and its relays: draining, business transactions, commit to handler; each beside its limit.")
        {
            Transport, Drained, RelayRounds, Only, Json,
        };
        relay.SetAction((arguments, cancel) => Verb.RunAsync(
            arguments.GetValue(Json),
            async (console, json) =>
            {
                var reports = new List<RelayReport>();
                var (one, only) = (arguments.GetValue(Transport), arguments.GetValue(Only));
                RelayBench[] benches =
                [
                    .. (one is null ? Verb.Transports : [one])
                        .Select(name => new RelayBench(name, arguments.GetValue(Drained), arguments.GetValue(RelayRounds), only, console))
                        .Where(bench => bench.HasWork),
                ];
                if (benches.Length == 0) throw new LabException($"nothing that is measured with {one ?? "either broker"} has '{only}' in its name");
                foreach (var bench in benches)
                {
                    reports.Add(await bench.RunAsync(cancel));
                    RelayBenchView.Show(console, reports[^1]);
                }

                if (json is not null) await RelayReport.WriteAsync(json, reports, cancel);
                return ExitCodes.Kept;
            },
            cancel));
        return relay;
    }

    private static Command Receive()
    {
        var receive = new Command("receive", "Measures the receive pipeline: batches of 1, 10 and 100, with and without inbox, beside its limits.")
        {
            Transport, Received, RelayRounds, Only, Json,
        };
        receive.SetAction((arguments, cancel) => Verb.RunAsync(
            arguments.GetValue(Json),
            async (console, json) =>
            {
                var reports = new List<ReceiveReport>();
                foreach (var name in arguments.GetValue(Transport) is { } one ? [one] : Verb.Transports)
                {
                    var bench = new ReceiveBench(name, arguments.GetValue(Received), arguments.GetValue(RelayRounds), arguments.GetValue(Only), console);
                    reports.Add(await bench.RunAsync(cancel));
                    ReceiveBenchView.Show(console, reports[^1]);
                }

                if (json is not null) await ReceiveReport.WriteAsync(json, reports, cancel);
                return ExitCodes.Kept;
            },
            cancel));
        return receive;
    }
}
