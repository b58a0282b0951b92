using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Payments;
using Payments.CallingTheProvider;
using Polly.CircuitBreaker;

namespace Units.Payments;

public sealed class ProviderCircuitTests : IDisposable
{
    private readonly ProviderOptions _options = new() { MinimumCalls = 4, BreakDuration = TimeSpan.FromSeconds(2) };
    private readonly Clock _clock = new();
    private readonly Lines _log = new();
    private readonly PaymentSignal _signal = new();
    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly ProviderPipelines _pipelines;
    private readonly ProviderCircuit _circuit;
    private readonly MeterListener _listener;
    private readonly Dictionary<string, long> _metrics = new(StringComparer.Ordinal);

    public ProviderCircuitTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener = Listen(meters);
        _pipelines = AProvider.Pipelines(_options, _clock, _signal, meters, _log);
        _circuit = _pipelines.Circuits.Single(circuit => circuit.Needing.Contains(PaymentState.Authorizing));
    }

    [Fact]
    public void Each_state_that_asks_for_a_call_needs_one_circuit() => _pipelines.Circuits.SelectMany(circuit => circuit.Needing)
        .ShouldBe([PaymentState.Authorizing, PaymentState.Capturing, PaymentState.Voiding], ignoreOrder: true);

    [Fact]
    public async Task While_it_is_open_nobody_may_probe_and_afterwards_exactly_one()
    {
        _circuit.TryBeginProbe().ShouldBeFalse();
        await OpenAsync();
        (_circuit.IsClosed, _circuit.State, _circuit.OpenSince).ShouldBe((false, CircuitState.Open, _clock.Now));

        _clock.Now += _options.BreakDuration - TimeSpan.FromMilliseconds(1);
        _circuit.TryBeginProbe().ShouldBeFalse();
        _clock.Now += TimeSpan.FromMilliseconds(1);

        _circuit.State.ShouldBe(CircuitState.HalfOpen);
        (_circuit.TryBeginProbe(), _circuit.TryBeginProbe()).ShouldBe((true, false));
        _circuit.EndProbe();
        _circuit.TryBeginProbe().ShouldBeTrue();
    }

    [Fact]
    public async Task While_the_probe_is_at_the_provider_nobody_else_gets_through()
    {
        await OpenAsync();
        _clock.Now += _options.BreakDuration;
        var answer = new TaskCompletionSource<int>();
        var probe = CallAsync(() => answer.Task);

        _circuit.State.ShouldBe(CircuitState.HalfOpen);
        _circuit.TryBeginProbe().ShouldBeFalse();
        await Should.ThrowAsync<BrokenCircuitException>(() => CallAsync(() => Task.FromResult(0)));

        answer.SetResult(7);
        (await probe).ShouldBe(7);
    }

    [Fact]
    public async Task A_probe_that_succeeds_closes_it_and_wakes_the_worker()
    {
        await OpenAsync();
        _clock.Now += _options.BreakDuration;

        await CallAsync(() => Task.FromResult(0));

        (_circuit.IsClosed, _circuit.State, _circuit.OpenSince).ShouldBe((true, CircuitState.Closed, null));
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        await _signal.WaitAsync(TimeSpan.FromDays(1), TimeProvider.System, limit.Token);
    }

    [Fact]
    public async Task A_probe_that_fails_opens_it_for_another_break_and_it_has_been_open_since_the_beginning()
    {
        await OpenAsync();
        var since = _clock.Now;
        _clock.Now += _options.BreakDuration;

        await FailAsync();

        (_circuit.State, _circuit.OpenSince).ShouldBe((CircuitState.Open, since));
        _circuit.TryBeginProbe().ShouldBeFalse();
        _clock.Now += _options.BreakDuration;
        _circuit.TryBeginProbe().ShouldBeTrue();
    }

    [Fact]
    public async Task A_refusal_is_an_answer_and_closes_it()
    {
        await OpenAsync();
        _clock.Now += _options.BreakDuration;

        await Should.ThrowAsync<ProviderRefusedException>(() => CallAsync(
            () => throw new ProviderRefusedException(Guid.Empty, PaymentState.Authorizing, 422, "no")));

        _circuit.IsClosed.ShouldBeTrue();
    }

    [Fact]
    public async Task Every_change_of_state_is_one_line_in_the_log()
    {
        await OpenAsync();
        _clock.Now += _options.BreakDuration;
        await FailAsync();
        _clock.Now += _options.BreakDuration;
        await CallAsync(() => Task.FromResult(0));

        _log.Texts.ShouldBe([
            "Circuit authorizing is open: no payment that needs it is taken up for 00:00:02: The payment provider answered 503.",
            "Circuit authorizing is half-open: one payment probes",
            "Circuit authorizing is open again for 00:00:02; the probe failed: The payment provider answered 503.",
            "Circuit authorizing is half-open: one payment probes",
            "Circuit authorizing is closed: payments flow again"]);
    }

    [Fact]
    public async Task Metrics_tell_the_state_of_each_circuit_and_how_often_it_opened()
    {
        Measured("payments.provider.circuit", "authorizing").ShouldBe(0);
        await OpenAsync();
        Measured("payments.provider.circuit", "authorizing").ShouldBe(2);
        _clock.Now += _options.BreakDuration;
        Measured("payments.provider.circuit", "authorizing").ShouldBe(1);
        await FailAsync();
        Measured("payments.provider.circuit", "authorizing").ShouldBe(2);

        Measured("payments.provider.circuit", "settling").ShouldBe(0);
        Measured("payments.provider.circuit.openings", "authorizing").ShouldBe(1);
    }

    public void Dispose()
    {
        _listener.Dispose();
        _services.Dispose();
    }

    private async Task OpenAsync()
    {
        // Refused once the circuit is open, so the calls in vain are exactly as many as it takes.
        while (_circuit.IsClosed)
            await FailAsync();
    }

    private Task<Exception> FailAsync() => Should.ThrowAsync<Exception>(() => CallAsync(() => throw new ProviderUnavailableException(503)));

    private async Task<int> CallAsync(Func<Task<int>> call) =>
        await _pipelines.For(PaymentState.Authorizing).ExecuteAsync(async _ => await call(), TestContext.Current.CancellationToken);

    private long Measured(string instrument, string circuit)
    {
        _listener.RecordObservableInstruments();
        return _metrics.GetValueOrDefault($"{instrument} {circuit}");
    }

    private MeterListener Listen(IMeterFactory meters)
    {
        var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        listener.SetMeasurementEventCallback<int>((instrument, value, tags, _) => _metrics[$"{instrument.Name} {tags[0].Value}"] = value);
        listener.SetMeasurementEventCallback<long>((instrument, value, tags, _) =>
            _metrics[$"{instrument.Name} {tags[0].Value}"] = _metrics.GetValueOrDefault($"{instrument.Name} {tags[0].Value}") + value);
        listener.Start();
        return listener;
    }

    /// <summary>Stands still until it is set; what waits for it goes on at once.</summary>
    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
            System.CreateTimer(callback, state, dueTime > TimeSpan.Zero && dueTime < TimeSpan.FromSeconds(1) ? TimeSpan.Zero : dueTime, period);
    }

    private sealed class Lines : ILogger<ProviderCircuit>
    {
        public List<string> Texts { get; } = [];

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
            Texts.Add(formatter(state, exception));
    }
}
