using Lab.Checking;
using Lab.History;
using Lab.Placing;
using Lab.Running;

namespace Lab.Reading;

/// <summary>Reads the whole system from outside: databases past the services, ledger and metrics over HTTP.</summary>
internal sealed class SystemReader : IAsyncDisposable
{
    private const int QuestionsAtOnce = 8;

    private readonly ServiceDatabase _orders;
    private readonly ServiceDatabase _inventory;
    private readonly ServiceDatabase _payments;
    private readonly RunningSystem _system;
    private readonly LedgerClient _ledger;
    private readonly Patience _patience;

    public SystemReader(RunningSystem system, LedgerClient ledger, Patience patience)
    {
        _orders = new ServiceDatabase(system.ConnectionString("orders-db"), patience);
        _inventory = new ServiceDatabase(system.ConnectionString("inventory-db"), patience);
        _payments = new ServiceDatabase(system.ConnectionString("payments-db"), patience);
        (_system, _ledger, _patience) = (system, ledger, patience);
    }

    /// <summary>The version of the database server.</summary>
    public Task<string> PostgresVersionAsync(CancellationToken cancellationToken) => _orders.VersionAsync(cancellationToken);

    /// <summary>Reads everything the invariants look at.</summary>
    /// <param name="accepted">The orders that the API accepted.</param>
    /// <param name="orders">Tells the timelines.</param>
    /// <param name="cancellationToken">Ends the reading.</param>
    public async Task<Snapshot> ReadAsync(
        IReadOnlyList<AcceptedOrder> accepted, OrdersClient orders, CancellationToken cancellationToken) => (await ReadMovingAsync(cancellationToken)) with
        {
            Accepted = accepted,
            HasSagas = _system.HasSagas,
            Views = await ViewsAsync(orders, cancellationToken),
            Movements = await _inventory.MovementsAsync(cancellationToken),
        };

    /// <summary>What is still under way; nothing when the system is quiet.</summary>
    public async Task<UnderWay> UnderWayAsync(CancellationToken cancellationToken) => Quiet.Describe(await ReadMovingAsync(cancellationToken));

    public async ValueTask DisposeAsync()
    {
        await _orders.DisposeAsync();
        await _inventory.DisposeAsync();
        await _payments.DisposeAsync();
    }

    private async Task<Snapshot> ReadMovingAsync(CancellationToken cancellationToken)
    {
        var lags = await LagsAsync(cancellationToken);
        return new Snapshot
        {
            Orders = await _orders.OrdersAsync(cancellationToken),
            Stock = await _inventory.StockAsync(cancellationToken),
            Payments = await _payments.PaymentsAsync(cancellationToken),
            Ledger = await _ledger.ReadAsync(0, cancellationToken),
            Backlogs = await BacklogsAsync(cancellationToken),
            Lags = lags,
            Unowned = FlowTopics.Unowned(_system.Coordination, lags),
        };
    }

    // Which views there are and in which order they were told what, the database says; what they tell, the API.
    private async Task<IReadOnlyList<OrderView>> ViewsAsync(OrdersClient orders, CancellationToken cancellationToken)
    {
        var rows = await _orders.OrderViewsAsync(cancellationToken);
        var views = new OrderView[rows.Count];
        await Parallel.ForAsync(0, views.Length, new ParallelOptions { MaxDegreeOfParallelism = QuestionsAtOnce, CancellationToken = cancellationToken }, async (i, cancel) =>
        {
            var (orderId, state, told) = rows[i];
            views[i] = (await orders.FindAsync(orderId, cancel) ?? new OrderView(orderId, state, [])) with { Told = told };
        });
        return views;
    }

    private async Task<IReadOnlyList<Backlog>> BacklogsAsync(CancellationToken cancellationToken) =>
    [
        await _orders.BacklogAsync("orders", cancellationToken),
        await _inventory.BacklogAsync("inventory", cancellationToken),
        await _payments.BacklogAsync("payments", cancellationToken),
    ];

    private async Task<IReadOnlyList<ConsumerLag>> LagsAsync(CancellationToken cancellationToken)
    {
        var lags = new List<ConsumerLag>();
        foreach (var service in NothingIsLeftBehind.Services) lags.AddRange(await LagReader.ReadAsync(service, () => _system.Replicas(service), _patience, cancellationToken));
        return lags;
    }
}
