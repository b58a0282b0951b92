using Lab.Checking;
using Lab.Demo;
using Lab.Faults;
using Lab.History;
using Lab.Placing;
using Lab.Reading;
using Lab.Running;
using Spectre.Console;

namespace Lab.Proving;

/// <summary>
/// One proof: a system under open-loop load and a schedule of faults, healed, come to rest, and looked at from outside. Whatever
/// happens, the system is stopped at the end.
/// </summary>
internal sealed class ProveRun(ProveOptions options, IAnsiConsole console, TimeProvider clock)
{
    // Longer than any fault lasts: an order is asked for until it is answered, so that none is left in doubt.
    private static readonly TimeSpan CallLimit = TimeSpan.FromMinutes(3);
    private const int MostExplained = 20;

    private readonly ProgressDisplay _display = new(console, clock);
    private readonly Patience _patience = new(clock, CallLimit);

    /// <summary>Runs the proof.</summary>
    /// <exception cref="LabException">The system did not start, or did not answer for too long.</exception>
    public async Task<ProofReport> RunAsync(CancellationToken cancellationToken)
    {
        await using var system = await _display.WaitForAsync(
            $"starting the system on {options.System.Transport}", () => RunningSystem.StartAsync(options.System, cancellationToken));
        var ledger = new LedgerClient(system.Http("payment-provider"), _patience);
        var orders = new OrdersClient(system.Http("orders"), _patience);
        await using var reader = new SystemReader(system, ledger, _patience);
        var site = new FaultSite(system, options.System, clock, options.Seed, options.Seconds * options.Rate);
        var plan = options.Schedule is { } schedule
            ? FaultPlan.Of(schedule, site)
            : FaultSchedule.Plan(options.Seed, TimeSpan.FromSeconds(options.Seconds), options.Faults, site);
        var conductor = new FaultConductor(site);
        await conductor.PrepareAsync(plan.Planned, cancellationToken);
        await using var recorder = HistoryRecorder.Start(system, options.System, clock);
        var servers = (Broker: await system.DescribeBrokerAsync(cancellationToken), Postgres: await reader.PostgresVersionAsync(cancellationToken));

        var warm = await _display.WaitForAsync("warming up", () => WarmUpAsync(orders, ledger, cancellationToken));
        foreach (var outcome in warm) recorder.Accepted(outcome.OrderId, clock.GetUtcNow());
        var load = new OpenLoopLoad(orders, new LedgerTail(ledger, clock), recorder, clock);
        var began = clock.GetUtcNow();
        var (sent, struck) = await FollowAsync(load, conductor, plan.Planned, recorder, began, cancellationToken);
        var healed = clock.GetUtcNow();

        var left = await _display.WaitForAsync(
            "waiting until every order has ended and nothing moves",
            () => QuietAsync(reader, load, cancellationToken));
        var quietAfter = clock.GetUtcNow() - healed;
        AcceptedOrder[] accepted =
            [.. warm.Select(outcome => outcome.Accepted), .. sent.Select(order => new AcceptedOrder(order.OrderId, order.Plan.Lines))];
        var (snapshot, book) = await LookAsync(reader, recorder, orders, accepted, left, cancellationToken);
        return ReportOf(servers, began, sent, struck, snapshot, book) with
        {
            LeftOut = plan.LeftOut,
            QuietAfterSeconds = left.Count == 0 ? Math.Round(quietAfter.TotalSeconds, 1) : null,
            StillUnderWay = left,
            Accepted = accepted.Length,
        };
    }

    /// <summary>Looks at everything from outside. Of a system that cannot be looked at any more, that is what is told.</summary>
    private async Task<(Snapshot? Snapshot, HistoryBook Book)> LookAsync(
        SystemReader reader, HistoryRecorder recorder, OrdersClient orders, IReadOnlyList<AcceptedOrder> accepted, List<string> left,
        CancellationToken cancellationToken)
    {
        try
        {
            var snapshot = await _display.WaitForAsync("checking the invariants", () => reader.ReadAsync(accepted, orders, cancellationToken));
            var book = await _display.WaitForAsync(
                "reading what every topic, inbox and ledger tells", () => recorder.CloseAsync(cancellationToken));
            return (snapshot, book);
        }
        catch (LabException failure)
        {
            left.Add($"nothing could be checked: {failure.Message}");
            return (null, new HistoryBook(new Evidence { Consumers = FlowTopics.Consumers(options.System.Coordination) }));
        }
    }

    private ProofReport ReportOf(
        (BrokerDescription Broker, string Postgres) servers, DateTimeOffset began, IReadOnlyList<SentOrder> sent, IReadOnlyList<StruckFault> struck,
        Snapshot? seen, HistoryBook book)
    {
        var snapshot = seen ?? new Snapshot();
        IReadOnlyList<InvariantResult> invariants = seen is null
            ? []
            : [.. Invariant.All.Select(promise => new InvariantResult(promise.Number, promise.Promise, [.. promise.Check(snapshot)]))];
        var timeline = RunTimeline.Of(began, sent, snapshot.Views);
        var faults = RunTimeline.WithRecovery(struck, began, timeline, options.Rate, sent, snapshot.Views);
        var views = snapshot.Views.DistinctBy(view => view.OrderId).ToDictionary(view => view.OrderId);
        return new ProofReport
        {
            Transport = options.System.Transport,
            Broker = servers.Broker,
            Postgres = servers.Postgres,
            Coordination = options.System.Coordination,
            Antipattern = options.System.Antipattern,
            MustBreak = options.MustBreak,
            FaultList = options.FaultList,
            Seed = options.Seed,
            Rate = options.Rate,
            LoadSeconds = options.Seconds,
            Began = began,
            Faults = faults,
            Timeline = timeline,
            Paths = PathResult.Of([.. sent.Select(order => new OrderOutcome(order.Plan, order.OrderId, views.GetValueOrDefault(order.OrderId)))]),
            Invariants = invariants,
            Messages = book.Account,
            Explanations = book.Explain(invariants, faults, MostExplained),
            DeadLetters = DeadLetterCount.Of(snapshot),
        };
    }

    /// <summary>The first orders find everything cold; the load is to meet a running system.</summary>
    private Task<IReadOnlyList<OrderOutcome>> WarmUpAsync(OrdersClient orders, LedgerClient ledger, CancellationToken cancellationToken) =>
        new Customer(orders, new LedgerTail(ledger, clock), new OrderProgress(options.WarmUpOrders, clock), clock)
            .RunAsync([.. OrderMix.Plan(options.WarmUpOrders, ~options.Seed).Where(order => !order.Path.TakesSeconds)], cancellationToken);

    private async Task<(IReadOnlyList<SentOrder> Sent, IReadOnlyList<StruckFault> Struck)> FollowAsync(
        OpenLoopLoad load, FaultConductor conductor, IReadOnlyList<PlannedFault> planned, HistoryRecorder recorder, DateTimeOffset began,
        CancellationToken cancellationToken)
    {
        var loading = load.RunAsync(OrderMix.Plan(options.Seconds * options.Rate, options.Seed), options.Rate, began, cancellationToken);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var striking = conductor.RunAsync(planned, began, over.Token);
        var both = Task.WhenAll(loading, striking);
        for (var next = 5; !both.IsCompleted; next += 5)
        {
            if (cancellationToken.IsCancellationRequested) break; // What is up still heals.
            var pause = began.AddSeconds(next) - clock.GetUtcNow();
            if (pause > TimeSpan.Zero) await Task.WhenAny(both, Task.Delay(pause, clock, cancellationToken));
            if (loading.IsFaulted || striking.IsFaulted) await over.CancelAsync();
            if (!both.IsCompleted)
                console.WriteLine($"{next,4} s: {load.Due} orders sent, {load.Accepted} accepted, {recorder.Ended} ended; {Describe(conductor)}");
        }

        await both;
        return (await loading, await striking);
    }

    /// <summary>What is left when the wait is over. A system that does not answer any more is left, too: that is what a proof is to find.</summary>
    private async Task<List<string>> QuietAsync(SystemReader reader, OpenLoopLoad load, CancellationToken cancellationToken)
    {
        string[] unanswered = load.Unanswered is [var first, ..] ? [$"{load.Unanswered.Count} calls that the API refused or did not answer: {first}"] : [];
        try
        {
            var left = await Quiet.WaitAsync(
                reader.UnderWayAsync, Quiet.Pause, options.QuietLimit, options.DeliveryLimit, clock, cancellationToken);
            return [.. unanswered, .. left];
        }
        catch (LabException failure)
        {
            return [.. unanswered, failure.Message];
        }
    }

    private static string Describe(FaultConductor conductor) =>
        conductor.Active is { Count: > 0 } active ? string.Join(", ", active.Select(fault => $"{fault.Name} {fault.Target}")) : "no fault";
}
