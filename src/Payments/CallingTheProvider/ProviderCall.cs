using System.Diagnostics;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;
using Shared.Contracts;

namespace Payments.CallingTheProvider;

/// <summary>
/// One claimed payment: calls the provider, then records the answer and tells of it in one transaction. Between the two any crash
/// is harmless: the payment becomes due again and the provider, asked under the same key, repeats its answer. Scoped.
/// </summary>
internal sealed partial class ProviderCall(
    ProviderClient provider,
    ProviderPipelines pipelines,
    PaymentClaims claims,
    ProviderMetrics metrics,
    PaymentsDbContext db,
    OutboxWriter outbox,
    IUnitOfWork unitOfWork,
    IOptions<ProviderOptions> options,
    TimeProvider time,
    ILogger<ProviderCall> logger)
{
    private static readonly ActivitySource Activities = new("Payments");

    /// <summary>Makes the call that the payment's state asks for. A call in vain makes the payment due again, later each time.</summary>
    public async Task RunAsync(Payment payment, CancellationToken cancellationToken)
    {
        using var activity = Activities.StartActivity($"provider {payment.State}", ActivityKind.Internal, payment.TraceParent);
        var (asked, called) = (payment.State, false);
        try
        {
            var answer = await pipelines.For(payment.State).ExecuteAsync(
                async token =>
                {
                    called = true;
                    return await provider.CallAsync(payment, token);
                },
                cancellationToken);
            await RecordAsync(payment, answer, cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // A void was asked for while the provider was answering: the answer means nothing any more, the void is due.
            LogOvertaken(payment.OrderId, asked);
        }
        catch (BrokenCircuitException) when (!called)
        {
            // The circuit opened between claim and call. This was no attempt: the payment goes first when the circuit closes.
            await claims.PutBackAsync(payment, TimeSpan.Zero, cancellationToken);
        }
        catch (Exception exception)
            when (exception is ProviderUnavailableException or HttpRequestException or TimeoutRejectedException or BrokenCircuitException)
        {
            // Also a call in vain whose retry in place found the circuit open. That it counts makes the next probe another payment.
            await PutBackAsync(payment, exception, cancellationToken);
        }
        catch (ProviderRefusedException exception)
        {
            payment.Refusals++;
            if (payment.StateWhenRefused is { } refused && payment.Refusals >= options.Value.Refusals)
                await GiveUpAsync(payment, refused, exception, cancellationToken);
            else
                await PutBackAsync(payment, exception, cancellationToken);
        }
    }

    /// <summary>Records the answer in the payment as it was claimed: who has changed it meanwhile has changed its version, too.</summary>
    private async Task RecordAsync(Payment payment, ProviderAnswer answer, CancellationToken cancellationToken)
    {
        db.Attach(payment);
        if (payment.Take(answer, time.GetUtcNow()) is not { } happened)
            return;
        outbox.Add(happened, causationId: payment.CausationId);
        if (payment.CapturesItself && happened is PaymentAuthorized or PaymentDeclined)
            outbox.Cancel(Payment.DeadlineOf(payment.OrderId));
        await unitOfWork.CommitAsync(cancellationToken);
    }

    private async Task PutBackAsync(Payment payment, Exception exception, CancellationToken cancellationToken)
    {
        payment.Attempts++;
        var pause = options.Value.PauseAfter(payment.Attempts);
        LogInVain(payment.OrderId, payment.State, payment.Attempts, pause, exception.Message);
        await claims.PutBackAsync(payment, pause, cancellationToken);
    }

    private async Task GiveUpAsync(Payment payment, PaymentState refused, ProviderRefusedException exception, CancellationToken cancellationToken)
    {
        payment.Attempts++;
        if (await claims.GiveUpAsync(payment, refused, exception.Problem, cancellationToken) == 0)
            return;
        metrics.Refused(refused);
        LogRefused(payment.OrderId, refused, payment.Refusals, exception.Message);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId}, {State}: attempt {Attempt} in vain, next in {Pause}: {Cause}")]
    private partial void LogInVain(Guid orderId, PaymentState state, int attempt, TimeSpan pause, string cause);

    [LoggerMessage(LogLevel.Information, "Order {OrderId}: the answer to {State} was overtaken by another request")]
    private partial void LogOvertaken(Guid orderId, PaymentState state);

    [LoggerMessage(LogLevel.Error, "Order {OrderId} is {State} after {Refusals} refusals and waits for POST /payments/{OrderId}/retry: {Cause}")]
    private partial void LogRefused(Guid orderId, PaymentState state, int refusals, string cause);
}
