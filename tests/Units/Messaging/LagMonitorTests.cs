using System.Diagnostics.Metrics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace Units.Messaging;

/// <summary>What a service tells of its lag while the broker answers and while it does not.</summary>
public sealed class LagMonitorTests
{
    [Fact]
    public async Task A_lag_that_cannot_be_read_is_told_no_longer()
    {
        await using var services = new ServiceCollection().AddMetrics().BuildServiceProvider();
        var meters = services.GetRequiredService<IMeterFactory>();
        var transport = new AnsweringTransport();
        using var monitor = new LagMonitor(transport, meters, TimeProvider.System, NullLogger<LagMonitor>.Instance);
        using var listener = new MeterListener
        {
            InstrumentPublished = (instrument, self) =>
            {
                if (ReferenceEquals(instrument.Meter.Scope, meters))
                    self.EnableMeasurementEvents(instrument);
            },
        };
        var told = new List<long>();
        listener.SetMeasurementEventCallback<long>((_, lag, _, _) => told.Add(lag));
        listener.Start();

        await monitor.StartAsync(TestContext.Current.CancellationToken);
        await Eventually.HoldsAsync(() => Observe() is [7], "it tells the lag");
        transport.Answers = false;
        await Eventually.HoldsAsync(() => Observe() is [], "it does not know it and tells none");
        transport.Answers = true;
        await Eventually.HoldsAsync(() => Observe() is [7], "it tells it again");
        await monitor.StopAsync(TestContext.Current.CancellationToken);

        List<long> Observe()
        {
            told.Clear();
            listener.RecordObservableInstruments();
            return told;
        }
    }

    private sealed class AnsweringTransport : ITransport
    {
        private volatile bool _answers = true;

        public bool Answers { set => _answers = value; }

        public string Name => "answering";

        public TransportCapabilities Capabilities => throw new NotSupportedException();

        public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping) => throw new NotSupportedException();

        public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) =>
            _answers ? new([new PartitionLag("orders.events", "group", 0, 7)]) : throw new TransportException("It does not answer.");

        public ValueTask DisposeAsync() => default;
    }
}
