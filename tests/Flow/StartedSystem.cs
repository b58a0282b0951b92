using Lab;
using Lab.Checking;
using Lab.History;
using Lab.Placing;
using Lab.Reading;
using Lab.Running;

// Each class runs a whole system: one at a time.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Flow;

/// <summary>The whole system on one transport, started by its app host once for the tests of a class.</summary>
public abstract class StartedSystem(string transport, bool choreography = false) : IAsyncLifetime
{
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(60);

    private RunningSystem _system = null!;
    private SystemReader _reader = null!;

    public string Transport { get; } = transport;

    public HttpClient Api => _system.Http("orders");

    internal OrdersClient Orders { get; private set; } = null!;

    internal LedgerClient Ledger { get; private set; } = null!;

    public string ConnectionString(string resource) => _system.ConnectionString(resource);

    public HttpClient Http(string service) => _system.Http(service);

    private SystemOptions Options { get; } =
        new(transport) { Coordination = choreography ? Coordinations.Choreography : Coordinations.Orchestration };

    public async ValueTask InitializeAsync()
    {
        _system = await RunningSystem.StartAsync(Options, TestContext.Current.CancellationToken);
        var patience = new Patience(TimeProvider.System, CallLimit);
        Ledger = new LedgerClient(_system.Http("payment-provider"), patience);
        Orders = new OrdersClient(_system.Http("orders"), patience);
        _reader = new SystemReader(_system, Ledger, patience);
        await WaitUntilQuietAsync(); // Until every group is joined: an order that waited for one would miss its deadline.
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_reader is not null)
            await _reader.DisposeAsync();
        if (_system is not null)
            await _system.DisposeAsync();
    }

    /// <summary>Begins to write down what happens.</summary>
    internal HistoryRecorder Record() =>
        HistoryRecorder.Start(_system, Options, TimeProvider.System);

    /// <summary>Places orders of one path and follows them to their end.</summary>
    internal Task<IReadOnlyList<OrderOutcome>> RunAsync(OrderPath path, int count = 1) => RunAsync(Plan(path, count));

    /// <summary>Orders of one path.</summary>
    internal static PlannedOrder[] Plan(OrderPath path, int count) =>
        [.. OrderMix.Plan(count, Random.Shared.Next()).Select(order => order with { Path = path, Lines = LinesOf(path, order) })];

    /// <summary>Runs a plan to its end.</summary>
    internal Task<IReadOnlyList<OrderOutcome>> RunAsync(IReadOnlyList<PlannedOrder> plan, OrderProgress? progress = null)
    {
        progress ??= new OrderProgress(plan.Count, TimeProvider.System);
        return new Customer(Orders, new LedgerTail(Ledger, TimeProvider.System), progress, TimeProvider.System)
            .RunAsync(plan, TestContext.Current.CancellationToken);
    }

    /// <summary>Runs a mix of orders to their ends, and kills a service once some of them have ended.</summary>
    internal async Task<IReadOnlyList<OrderOutcome>> RunAndKillAsync(string service, int orders)
    {
        var plan = OrderMix.Plan(orders, Random.Shared.Next());
        var progress = new OrderProgress(plan.Count, TimeProvider.System);
        var running = RunAsync(plan, progress);
        await Eventually.HoldsAsync(() => progress.Ended >= 5 || running.IsCompleted, "some orders have ended");

        Kill(service);

        return await running;
    }

    /// <summary>What is still under way.</summary>
    internal Task<UnderWay> UnderWayAsync() => _reader.UnderWayAsync(TestContext.Current.CancellationToken);

    /// <summary>Waits for quiet and reads what the invariants look at.</summary>
    internal async Task<Snapshot> ReadWhenQuietAsync(IReadOnlyList<OrderOutcome> outcomes)
    {
        await WaitUntilQuietAsync();
        return await _reader.ReadAsync([.. outcomes.Select(outcome => outcome.Accepted)], Orders, TestContext.Current.CancellationToken);
    }

    private async Task WaitUntilQuietAsync()
    {
        var limit = TimeSpan.FromSeconds(60);
        var left = await Quiet.WaitAsync(
            _reader.UnderWayAsync, Quiet.Pause, limit, deliveryLimit: limit, TimeProvider.System, TestContext.Current.CancellationToken);
        left.ShouldBeEmpty();
    }

    /// <summary>Kills a service's process as <c>kill -9</c> does; the app host starts it again.</summary>
    public void Kill(string service) => _system.Replicas(service).Single().Kill();

    private static OrderLine[] LinesOf(OrderPath path, PlannedOrder order) =>
        path.OutOfStock ? [new OrderLine("LIMITED-EDITION", 100)] : [.. order.Lines.Where(line => line.Sku != "LIMITED-EDITION")];
}
