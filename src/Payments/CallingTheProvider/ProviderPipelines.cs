using Microsoft.Extensions.Options;
using Polly;
using Polly.CircuitBreaker;
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
internal sealed class ProviderPipelines(IOptions<ProviderOptions> options, TimeProvider time)
{
    private readonly ResiliencePipeline _authorizing = Build(options.Value, time);
    private readonly ResiliencePipeline _settling = Build(options.Value, time);

    /// <summary>The pipeline for a payment in this state.</summary>
    public ResiliencePipeline For(PaymentState state) => state is PaymentState.Authorizing ? _authorizing : _settling;

    private static ResiliencePipeline Build(ProviderOptions options, TimeProvider time)
    {
        var unavailable = new PredicateBuilder().Handle<ProviderUnavailableException>().Handle<HttpRequestException>();
        return new ResiliencePipelineBuilder { TimeProvider = time }
            .AddTimeout(options.CallTimeout)
            .AddRetry(new RetryStrategyOptions
            {
                ShouldHandle = unavailable,
                MaxRetryAttempts = options.Retries,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                Delay = options.Pause / 2,
            })
            .AddCircuitBreaker(new CircuitBreakerStrategyOptions
            {
                ShouldHandle = new PredicateBuilder()
                    .Handle<ProviderUnavailableException>().Handle<HttpRequestException>().Handle<TimeoutRejectedException>(),
                FailureRatio = 0.5,
                MinimumThroughput = 20,
                SamplingDuration = TimeSpan.FromSeconds(10),
                BreakDuration = options.BreakDuration,
            })
            .AddTimeout(options.AttemptTimeout)
            .Build();
    }
}
