using Microsoft.Extensions.Options;

namespace Payments.CallingTheProvider;

/// <summary>
/// Takes up due payments, a bounded number at once, and has the provider called for each. Woken when a transaction that made work
/// commits; polls only for what nobody announced: retries, and payments whose worker was killed. A call that is not answered
/// promptly moves to the waiting room, so that payments that hang do not keep the others from being called for.
/// </summary>
internal sealed partial class PaymentWorker(
    PaymentSignal signal,
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
                await using var scope = scopes.CreateAsyncScope();
                foreach (var payment in await scope.ServiceProvider.GetRequiredService<PaymentClaims>().TakeAsync(free, cancellationToken))
                {
                    taken++;
                    _ = CallAndLeaveAsync(payment);
                }
            }
            finally
            {
                if (taken < free)
                    _places.Release(free - taken);
            }
        }
        while (taken == free);
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
