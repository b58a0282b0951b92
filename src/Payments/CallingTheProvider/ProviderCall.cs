using System.Diagnostics;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Polly.CircuitBreaker;
using Polly.Timeout;

namespace Payments.CallingTheProvider;

/// <summary>
/// One claimed payment: calls the provider, then records the answer and tells of it in one transaction. Between the two any crash
/// is harmless: the payment becomes due again and the provider, asked under the same key, repeats its answer. Scoped.
/// </summary>
internal sealed partial class ProviderCall(
    ProviderClient provider,
    ProviderPipelines pipelines,
    PaymentClaims claims,
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
        try
        {
            var answer = await pipelines.For(payment.State).ExecuteAsync(
                static async (call, token) => await call.provider.CallAsync(call.payment, token), (provider, payment), cancellationToken);
            await RecordAsync(payment.OrderId, answer, payment.CausationId, cancellationToken);
        }
        catch (DbUpdateConcurrencyException)
        {
            // A void was asked for while the provider was answering: the answer means nothing any more, the void is due.
            LogOvertaken(payment.OrderId, payment.State);
        }
        catch (BrokenCircuitException exception)
        {
            // The provider was not called, so this was no attempt.
            var pause = (exception.RetryAfter ?? options.Value.BreakDuration) + options.Value.PauseAfter(attempts: 1);
            await claims.PutBackAsync(payment, payment.Attempts, pause, cancellationToken);
        }
        catch (Exception exception) when (exception is ProviderUnavailableException or HttpRequestException or TimeoutRejectedException)
        {
            await PutBackAsync(payment, exception, cancellationToken);
        }
        catch (ProviderRefusedException exception)
        {
            LogRefused(exception.Message);
            await PutBackAsync(payment, exception, cancellationToken);
        }
    }

    private async Task RecordAsync(Guid orderId, ProviderAnswer answer, string? causationId, CancellationToken cancellationToken)
    {
        var payment = await db.Payments.FindAsync([orderId], cancellationToken);
        if (payment?.Take(answer, time.GetUtcNow()) is not { } happened)
            return;
        outbox.Add(happened, causationId: causationId);
        await unitOfWork.CommitAsync(cancellationToken);
    }

    private async Task PutBackAsync(Payment payment, Exception exception, CancellationToken cancellationToken)
    {
        var attempts = payment.Attempts + 1;
        var pause = options.Value.PauseAfter(attempts);
        LogInVain(payment.OrderId, payment.State, attempts, pause, exception.Message);
        await claims.PutBackAsync(payment, attempts, pause, cancellationToken);
    }

    [LoggerMessage(LogLevel.Warning, "Order {OrderId}, {State}: attempt {Attempt} in vain, next in {Pause}: {Cause}")]
    private partial void LogInVain(Guid orderId, PaymentState state, int attempt, TimeSpan pause, string cause);

    [LoggerMessage(LogLevel.Information, "Order {OrderId}: the answer to {State} was overtaken by another request")]
    private partial void LogOvertaken(Guid orderId, PaymentState state);

    [LoggerMessage(LogLevel.Error, "{Refusal}")]
    private partial void LogRefused(string refusal);
}
