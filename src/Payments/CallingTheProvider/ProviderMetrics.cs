using System.Diagnostics.Metrics;
using Polly.CircuitBreaker;

namespace Payments.CallingTheProvider;

/// <summary>What can be seen of the calls to the provider: meter <c>Payments</c>. Thread-safe.</summary>
internal sealed class ProviderMetrics
{
    /// <summary>The name of the meter.</summary>
    public const string Name = "Payments";

    private readonly Meter _meter;
    private readonly Counter<long> _openings;
    private readonly Counter<long> _refused;

    public ProviderMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(Name);
        _openings = _meter.CreateCounter<long>(
            "payments.provider.circuit.openings", "{opening}", "How often a closed circuit opened; failed probes do not count.");
        _refused = _meter.CreateCounter<long>(
            "payments.refused", "{payment}", "Captures and voids that the provider refused for good; somebody has to look at each.");
    }

    /// <summary>Shows the states of the circuits from now on.</summary>
    public void Show(IReadOnlyList<ProviderCircuit> circuits) => _meter.CreateObservableGauge(
        "payments.provider.circuit",
        () => circuits.Select(circuit => new Measurement<int>(Level(circuit.State), Tag("circuit", circuit.Name))),
        description: "0 closed, 1 half-open, 2 open.");

    /// <summary>A circuit that was closed has opened.</summary>
    public void Opened(string circuit) => _openings.Add(1, Tag("circuit", circuit));

    /// <summary>A payment is no longer tried because the provider keeps refusing it.</summary>
    public void Refused(PaymentState state) => _refused.Add(1, Tag("state", state.ToString()));

    private static KeyValuePair<string, object?> Tag(string name, string value) => new(name, value);

    private static int Level(CircuitState state) => state switch
    {
        CircuitState.Closed => 0,
        CircuitState.HalfOpen => 1,
        _ => 2,
    };
}
