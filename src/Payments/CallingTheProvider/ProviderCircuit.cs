using Polly.CircuitBreaker;

namespace Payments.CallingTheProvider;

/// <summary>
/// A circuit in front of the provider, and whether payments that need it may be taken up: any number while it is closed, none while
/// it is open, exactly one, the probe, once its break is over. Of this process: other instances find out by themselves. Thread-safe.
/// </summary>
/// <remarks>
/// Polly's breaker turns half-open only when something is executed after the break. The worker executes nothing while the circuit
/// is open, so this counts as half-open from the end of the break, and says when somebody may try.
/// </remarks>
internal sealed partial class ProviderCircuit(
    string name, IReadOnlyList<PaymentState> needing, PaymentSignal signal, ProviderMetrics metrics, TimeProvider time, ILogger logger)
{
    private readonly CircuitBreakerStateProvider _breaker = new();
    private readonly Lock _lock = new();
    private DateTimeOffset? _openSince;
    private DateTimeOffset _breakEnds = DateTimeOffset.MaxValue;
    private bool _probing;

    /// <summary>What it is called in metrics, health and logs.</summary>
    public string Name => name;

    /// <summary>The states of a payment in which its call needs this circuit.</summary>
    public IReadOnlyList<PaymentState> Needing => needing;

    /// <summary>Whether calls get through.</summary>
    public bool IsClosed => _breaker.CircuitState is CircuitState.Closed;

    /// <summary>Since when calls have not got through, failed probes included; null while they do.</summary>
    public DateTimeOffset? OpenSince
    {
        get
        {
            lock (_lock)
                return _openSince;
        }
    }

    /// <summary>Closed; open while the provider is spared; half-open when one payment may probe or does.</summary>
    public CircuitState State
    {
        get
        {
            // When Polly has opened it and has not told yet, the break ends at the end of time: open.
            lock (_lock)
                return _breaker.CircuitState is CircuitState.Open && time.GetUtcNow() >= _breakEnds ? CircuitState.HalfOpen : _breaker.CircuitState;
        }
    }

    /// <summary>Asks to take up one payment as the probe. Whoever is told yes must call <see cref="EndProbe"/>.</summary>
    public bool TryBeginProbe()
    {
        lock (_lock)
        {
            if (_probing || _breaker.CircuitState is not CircuitState.Open || time.GetUtcNow() < _breakEnds)
                return false;
            return _probing = true;
        }
    }

    /// <summary>The probe has had its answer, or there was no payment to probe with.</summary>
    public void EndProbe()
    {
        lock (_lock)
            _probing = false;
    }

    /// <summary>The breaker of the pipeline that this circuit stands for.</summary>
    public CircuitBreakerStrategyOptions Breaker(ProviderOptions options) => new()
    {
        FailureRatio = options.FailureRatio,
        MinimumThroughput = options.MinimumCalls,
        SamplingDuration = options.SamplingDuration,
        BreakDuration = options.BreakDuration,
        StateProvider = _breaker,
        OnOpened = opened => Opened(opened.BreakDuration, opened.Outcome.Exception?.Message),
        OnHalfOpened = _ => HalfOpened(),
        OnClosed = _ => Closed(),
    };

    private ValueTask Opened(TimeSpan pause, string? cause)
    {
        bool again;
        lock (_lock)
        {
            again = _openSince is not null;
            _openSince ??= time.GetUtcNow();
            _breakEnds = time.GetUtcNow() + pause;
        }

        if (again)
        {
            LogOpenAgain(name, pause, cause);
        }
        else
        {
            metrics.Opened(name);
            LogOpened(name, pause, cause);
        }

        return default;
    }

    private ValueTask HalfOpened()
    {
        lock (_lock)
            _breakEnds = DateTimeOffset.MaxValue;
        LogHalfOpen(name);
        return default;
    }

    private ValueTask Closed()
    {
        lock (_lock)
        {
            _openSince = null;
            _breakEnds = DateTimeOffset.MaxValue;
        }

        LogClosed(name);
        signal.Set();
        return default;
    }

    [LoggerMessage(LogLevel.Warning, "Circuit {Circuit} is open: no payment that needs it is taken up for {Pause}: {Cause}")]
    private partial void LogOpened(string circuit, TimeSpan pause, string? cause);

    [LoggerMessage(LogLevel.Information, "Circuit {Circuit} is half-open: one payment probes")]
    private partial void LogHalfOpen(string circuit);

    [LoggerMessage(LogLevel.Information, "Circuit {Circuit} is open again for {Pause}; the probe failed: {Cause}")]
    private partial void LogOpenAgain(string circuit, TimeSpan pause, string? cause);

    [LoggerMessage(LogLevel.Information, "Circuit {Circuit} is closed: payments flow again")]
    private partial void LogClosed(string circuit);
}
