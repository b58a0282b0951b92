using Lab.Checking;
using Lab.Disturbing;
using Lab.Placing;
using Lab.Reading;
using Lab.Running;
using Spectre.Console;

namespace Lab.Demo;

/// <summary>One demo from a stopped system to a report; whatever happens, the system is stopped at the end.</summary>
internal sealed class DemoRun(DemoOptions options, IAnsiConsole console, TimeProvider clock)
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan QuietLimit = TimeSpan.FromSeconds(30);

    private readonly ProgressDisplay _display = new(console, clock);
    private readonly Patience _patience = new(clock, CallLimit);

    /// <summary>Runs the demo.</summary>
    /// <exception cref="LabException">The system did not start, or did not answer for too long.</exception>
    public async Task<DemoReport> RunAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetTimestamp();
        await using var system = await _display.WaitForAsync(
            $"starting the system on {options.Transport}, {options.Coordination}", () => RunningSystem.StartAsync(options.System, cancellationToken));
        var startup = clock.GetElapsedTime(began);

        var ledger = new LedgerClient(system.Http("payment-provider"), _patience);
        var orders = new OrdersClient(system.Http("orders"), _patience);
        await using var reader = new SystemReader(system, ledger, _patience);

        began = clock.GetTimestamp();
        var plan = OrderMix.Plan(options.Orders, options.Seed);
        var progress = new OrderProgress(plan.Count, clock);
        var customer = new Customer(orders, new LedgerTail(ledger, clock), progress, clock);
        using var over = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var disturbing = options.Disturb
            ? new Disturbance(system, progress, clock).RunAsync(over.Token, cancellationToken)
            : Task.FromResult<IReadOnlyList<string>>([]);
        var outcomes = await _display.FollowAsync(progress, () => customer.RunAsync(plan, cancellationToken));
        var run = clock.GetElapsedTime(began);
        await over.CancelAsync();
        var disturbances = await disturbing;

        var snapshot = await ReadWhenQuietAsync(reader, outcomes, orders, cancellationToken);
        return new DemoReport
        {
            Transport = options.Transport,
            Coordination = options.Coordination,
            Broker = await system.DescribeBrokerAsync(cancellationToken),
            Postgres = await reader.PostgresVersionAsync(cancellationToken),
            Orders = outcomes.Count,
            Seed = options.Seed,
            InventoryReplicas = options.InventoryReplicas,
            Disturbances = disturbances,
            StartupSeconds = Math.Round(startup.TotalSeconds, 1),
            FirstOrderSeconds = progress.FirstEnd is { } first ? Math.Round((startup + first).TotalSeconds, 1) : null,
            RunSeconds = Math.Round(run.TotalSeconds, 1),
            Paths = PathResult.Of(outcomes),
            Unexpected = UnexpectedEnd.Of(outcomes),
            Invariants = [.. Invariant.All.Select(promise => new InvariantResult(promise.Number, promise.Promise, [.. promise.Check(snapshot)]))],
            DeadLetters = [.. snapshot.Backlogs.SelectMany(backlog => backlog.Parked).Where(message => message.State == ParkedStates.Dead)],
        };
    }

    private async Task<Snapshot> ReadWhenQuietAsync(
        SystemReader reader, IReadOnlyList<OrderOutcome> outcomes, OrdersClient orders, CancellationToken cancellationToken)
    {
        var left = await _display.WaitForAsync(
            "waiting for empty outboxes, no lag, nothing reserved, nothing authorised",
            () => Quiet.WaitAsync(reader.UnderWayAsync, Quiet.Pause, QuietLimit, TimeSpan.Zero, clock, cancellationToken));
        foreach (var line in left) console.WriteLine($"still under way after {QuietLimit.TotalSeconds:0} s: {line}");
        return await _display.WaitForAsync("checking the invariants", () => reader.ReadAsync([.. outcomes.Select(outcome => outcome.Accepted)], orders, cancellationToken));
    }
}
