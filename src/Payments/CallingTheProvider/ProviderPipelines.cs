using Microsoft.Extensions.Options;
using Polly;
using Polly.Retry;
using Polly.Timeout;

namespace Payments.CallingTheProvider;

/// <summary>
/// What stands between us and the provider, from the outside in: a bound on the whole call, a few retries in place for 5xx and cut
/// connections, a circuit breaker, a bound on each attempt. Thread-safe.
/// </summary>
/// <remarks>
/// A timeout is not retried in place: a payment that hangs would hold its place several times as long. It is retried all the same,
/// later and from the database. Authorisations have a breaker of their own, because they depend on banks and cards that captures
/// and voids do not need: cards that hang must not keep us from voiding them.
/// </remarks>
internal sealed class ProviderPipelines
{
    private readonly ResiliencePipeline _authorizing;
    private readonly ResiliencePipeline _settling;

    public ProviderPipelines(
        IOptions<ProviderOptions> options, PaymentSignal signal, ProviderMetrics metrics, TimeProvider time, ILogger<ProviderCircuit> logger)
    {
        var authorizing = new ProviderCircuit("authorizing", [PaymentState.Authorizing], signal, metrics, time, logger);
        var settling = new ProviderCircuit("settling", [PaymentState.Capturing, PaymentState.Voiding], signal, metrics, time, logger);
        _authorizing = Build(options.Value, authorizing, time);
        _settling = Build(options.Value, settling, time);
        Circuits = [authorizing, settling];
        metrics.Show(Circuits);
    }

    /// <summary>Every circuit; each state that asks for a call needs exactly one of them.</summary>
    public IReadOnlyList<ProviderCircuit> Circuits { get; }

    /// <summary>The pipeline for a payment in this state.</summary>
    public ResiliencePipeline For(PaymentState state) => state is PaymentState.Authorizing ? _authorizing : _settling;

    private static ResiliencePipeline Build(ProviderOptions options, ProviderCircuit circuit, TimeProvider time)
    {
        var breaker = circuit.Breaker(options);
        breaker.ShouldHandle = new PredicateBuilder()
            .Handle<ProviderUnavailableException>().Handle<HttpRequestException>().Handle<TimeoutRejectedException>();
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(options.CallTimeout)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = new PredicateBuilder().Handle<ProviderUnavailableException>().Handle<HttpRequestException>(),
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.Pause / 2,
            })
            .AddCircuitBreaker(breaker)
            .AddTimeout(options.AttemptTimeout)
            .Build();
    }
}
