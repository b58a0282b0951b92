using Microsoft.Extensions.Options;

namespace Payments.CallingTheProvider;

/// <summary>
/// Takes up due payments, a bounded number at once, and has the provider called for each. Woken when a transaction that made work
/// commits and when a circuit closes; polls only for what nobody announced: retries, payments whose worker was killed, the end of a
/// break. A call that is not answered promptly moves to the waiting room, so that payments that hang do not keep the others from
/// being called for. Payments whose circuit is open are left where they are.
/// </summary>
internal sealed partial class PaymentWorker(
    PaymentSignal signal,
    ProviderPipelines pipelines,
    IServiceScopeFactory scopes,
    IOptions<ProviderOptions> options,
    TimeProvider time,
    ILogger<PaymentWorker> logger) : BackgroundService
{
    private readonly SemaphoreSlim _places = new(options.Value.Concurrency);
    private readonly SemaphoreSlim _waitingRoom = new(options.Value.WaitingRoom);

    /// <inheritdoc/>
    public override void Dispose()
    {
        _places.Dispose();
        _waitingRoom.Dispose();
        base.Dispose();
    }

    /// <inheritdoc/>
    /// <remarks>Stops claiming at once; calls in hand are finished, which their time limits bound.</remarks>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (true)
            {
                try
                {
                    await TakeUpAllDueAsync(stoppingToken);
                }
                catch (Exception exception) when (!stoppingToken.IsCancellationRequested)
                {
                    // Most likely the database is away for a while; the due payments stay where they are.
                    LogTrouble(exception);
                }

                await signal.WaitAsync(options.Value.PollInterval, time, stoppingToken);
            }
        }
        finally
        {
            for (var i = 0; i < options.Value.Concurrency; i++)
                await _places.WaitAsync(CancellationToken.None);
            for (var i = 0; i < options.Value.WaitingRoom; i++)
                await _waitingRoom.WaitAsync(CancellationToken.None);
        }
    }

    private async Task TakeUpAllDueAsync(CancellationToken cancellationToken)
    {
        int free, taken;
        do
        {
            free = await WaitForPlacesAsync(cancellationToken);
            taken = 0;
            try
            {
                foreach (var circuit in pipelines.Circuits)
                    taken += taken < free ? await ProbeAsync(circuit, cancellationToken) : 0;
                taken += await TakeUpAsync(free - taken, cancellationToken);
            }
            finally
            {
                if (taken < free)
                    _places.Release(free - taken);
            }
        }
        while (taken == free);
    }

    /// <summary>Takes up due payments whose circuits are closed.</summary>
    private async Task<int> TakeUpAsync(int count, CancellationToken cancellationToken)
    {
        PaymentState[] states = [.. pipelines.Circuits.Where(circuit => circuit.IsClosed).SelectMany(circuit => circuit.Needing)];
        if (count == 0 || states.Length == 0)
            return 0;
        var payments = await ClaimAsync(count, states, cancellationToken);
        foreach (var payment in payments)
            _ = CallAndLeaveAsync(payment);
        return payments.Count;
    }

    /// <summary>Takes up one payment to probe a circuit whose break is over.</summary>
    private async Task<int> ProbeAsync(ProviderCircuit circuit, CancellationToken cancellationToken)
    {
        if (!circuit.TryBeginProbe())
            return 0;
        Payment? probe = null;
        try
        {
            probe = (await ClaimAsync(count: 1, circuit.Needing, cancellationToken)).SingleOrDefault();
        }
        finally
        {
            if (probe is null)
                circuit.EndProbe();
        }

        if (probe is null)
            return 0;
        _ = ProbeAndLeaveAsync(circuit, probe);
        return 1;
    }

    private async Task<IReadOnlyList<Payment>> ClaimAsync(int count, IEnumerable<PaymentState> states, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<PaymentClaims>().TakeAsync(count, states, cancellationToken);
    }

    /// <summary>Waits for one free place and takes whatever others are free with it.</summary>
    private async Task<int> WaitForPlacesAsync(CancellationToken cancellationToken)
    {
        await _places.WaitAsync(cancellationToken);
        var places = 1;
        while (await _places.WaitAsync(TimeSpan.Zero, CancellationToken.None))
            places++;
        return places;
    }

    private async Task ProbeAndLeaveAsync(ProviderCircuit circuit, Payment payment)
    {
        await CallAndLeaveAsync(payment);
        circuit.EndProbe();
    }

    private async Task CallAndLeaveAsync(Payment payment)
    {
        var place = _places;
        try
        {
            await using var scope = scopes.CreateAsyncScope();
            var call = scope.ServiceProvider.GetRequiredService<ProviderCall>().RunAsync(payment, CancellationToken.None);
            await call.WaitAsync(options.Value.PromptAnswer, time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (!call.IsCompleted && await _waitingRoom.WaitAsync(TimeSpan.Zero, CancellationToken.None))
            {
                place.Release();
                place = _waitingRoom;
            }

            await call;
        }
        catch (Exception exception)
        {
            // Nothing is lost: the payment is due again when its lease ends, and the provider repeats its answer.
            LogAbandoned(exception, payment.OrderId, payment.State);
        }
        finally
        {
            place.Release();
        }
    }

    [LoggerMessage(LogLevel.Warning, "Due payments could not be taken up; they are tried again")]
    private partial void LogTrouble(Exception exception);

    [LoggerMessage(LogLevel.Warning, "The call for order {OrderId} in state {State} was not recorded; it is repeated when its lease ends")]
    private partial void LogAbandoned(Exception exception, Guid orderId, PaymentState state);
}
