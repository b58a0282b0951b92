using System.Collections.Concurrent;
using System.Text.Json;
using MassTransit.Configuration;
using MassTransit.Saga;
using Messaging;
using Messaging.Antipatterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orders.Antipatterns;
using Orders.EndingAnOrder;
using Orders.FulfillingAnOrder;
using Shared.Contracts;

namespace Units.Orders;

/// <summary>
/// The saga on the real receive pipeline, without broker and database: the test delivers one message at a time and sees what was
/// sent for it. There is no inbox, so a message delivered twice reaches the saga twice.
/// </summary>
public class FulfilmentBench : IAsyncLifetime
{
    private const string Group = "orders.fulfilment";

    private readonly Hand _hand = new();
    private readonly Ledger _ledger = new();
    private readonly Endings _endings = new();
    private IHost? _host;

    /// <summary>What is broken on purpose; nothing here.</summary>
    private protected virtual string? Antipattern => null;

    internal static readonly TimeSpan StockDeadline = TimeSpan.FromSeconds(11);
    internal static readonly TimeSpan PaymentDeadline = TimeSpan.FromSeconds(13);

    /// <summary>Delivers a message; returns what was sent for it, in order.</summary>
    /// <exception cref="ParkedException">It failed and was parked.</exception>
    internal async Task<IReadOnlyList<Sent>> DeliverAsync(IOrderMessage message, Guid? token = null)
    {
        var kind = OrderFlow.Messages.Single(kind => kind.ClrType == message.GetType());
        var envelope = new Message
        {
            Id = Message.NewId(),
            Type = kind.Name,
            Source = "/test",
            Time = DateTimeOffset.UtcNow,
            PartitionKey = OrderFlow.KeyOf(message),
            Body = JsonSerializer.SerializeToUtf8Bytes(message, kind.ClrType, MessageJson.Options),
        };
        var attributes = new List<KeyValuePair<string, string>>();
        CloudEvents.Write(envelope, attributes, static (list, name, value) => list.Add(new(name, value)));
        if (token is not null)
            attributes.Add(new("scheduletoken", token.Value.ToString("D")));

        var handler = await _hand.HandlerOfAsync(kind.Topic);
        var delivery = new Delivery(kind.Topic, 0, 0, attributes, envelope.Body, envelope.PartitionKey);
        await handler(new PartitionBatch(kind.Topic, Group, 0, [delivery]), TestContext.Current.CancellationToken);
        return _ledger.TakeBy(envelope.Id);
    }

    internal Fulfilment? Find(Guid orderId) =>
        _host!.Services.GetRequiredService<IndexedSagaDictionary<Fulfilment>>()[orderId]?.Instance;

    internal IReadOnlyList<string> EndingsOf(Guid orderId) => [.. _endings.All.Where(end => end.OrderId == orderId).Select(end => end.State)];

    public async ValueTask InitializeAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([new("Transport", "hand"), new("Antipattern", Antipattern)]);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton(_ledger);
        builder.Services.AddScoped<IReceiveStore, BenchStore>();
        builder.Services.AddSingleton<IOrderEndings>(_endings);
        builder.Services.AddSingleton(Options.Create(new FulfilmentOptions { StockDeadline = StockDeadline, PaymentDeadline = PaymentDeadline }));
        builder.Services.AddMessaging(builder.Configuration, "orders", messaging =>
        {
            messaging.SagaRepositories = new InMemorySagaRepositoryRegistrationProvider();
            messaging
                .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
                .AddTransport("hand", _ => _hand)
                .Receive(Group, [Topics.OrdersEvents, Topics.InventoryEvents, Topics.PaymentsEvents], receiver =>
                {
                    receiver.Options.Retry = RetryPolicy.Never;
                    receiver.Saga<OrderStateMachine, Fulfilment>();
                });
        });
        builder.Services.AddAntipattern(builder.Configuration, NoCompensation.Antipattern);
        _host = builder.Build();
        await _host.StartAsync(TestContext.Current.CancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (_host is null)
            return;
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }

    /// <summary>Something the saga sent; a schedule has a due time and a token, a taken-back one is a token alone.</summary>
    internal sealed record Sent(IOrderMessage? Message, TimeSpan? Delay, Guid? Token)
    {
        public override string ToString() => Message is null ? "taken back" : Delay is null ? Message.GetType().Name : $"{Message.GetType().Name} after {Delay}";
    }

    internal sealed class ParkedException(string cause) : Exception(cause);

    internal sealed class Ledger
    {
        private readonly ConcurrentDictionary<string, IReadOnlyList<Sent>> _sent = new(StringComparer.Ordinal);
        private readonly ConcurrentDictionary<string, string> _parked = new(StringComparer.Ordinal);

        public void Write(string messageId, IReadOnlyList<Sent> sent) => _sent[messageId] = sent;

        public void Park(string messageId, string cause) => _parked[messageId] = cause;

        public IReadOnlyList<Sent> TakeBy(string messageId)
        {
            if (_parked.TryGetValue(messageId, out var cause))
                throw new ParkedException(cause);
            return _sent[messageId];
        }
    }

    private sealed class BenchStore(Outbox outbox, Ledger ledger) : IReceiveStore
    {
        private string _messageId = "";

        public Task<IReadOnlyList<Admission>> AdmitAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken)
        {
            _messageId = batch.Single().Id;
            return Task.FromResult<IReadOnlyList<Admission>>([Admission.Handle]);
        }

        public Task ParkAsync(
            string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken)
        {
            foreach (var (message, parking) in messages)
                ledger.Park(message.Id, parking.Cause);
            return Task.CompletedTask;
        }

        public Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task CommitAsync(CancellationToken cancellationToken)
        {
            ledger.Write(_messageId, [.. outbox.Cancellations.Select(token => new Sent(null, null, token)), .. outbox.Entries.Where(entry => !entry.Message.Topic.EndsWith(".dead-letters", StringComparison.Ordinal)).Select(Read)]);
            outbox.Clear();
            return Task.CompletedTask;
        }

        private static Sent Read(OutboxEntry entry)
        {
            var envelope = entry.Message.Message;
            var kind = OrderFlow.Messages.Single(kind => kind.Name == envelope.Type);
            kind.Topic.ShouldBe(entry.Message.Topic);
            var message = (IOrderMessage)JsonSerializer.Deserialize(envelope.Body.Span, kind.ClrType, MessageJson.Options)!;
            return new Sent(message, entry.Due - envelope.Time, entry.ScheduleToken);
        }
    }

    private sealed class Endings : IOrderEndings
    {
        public ConcurrentQueue<(Guid OrderId, string State)> All { get; } = new();

        public Task<bool> EndAsync(Guid orderId, string state, CancellationToken cancellationToken)
        {
            All.Enqueue((orderId, state));
            return Task.FromResult(true);
        }
    }

    /// <summary>A transport that hands over what the test puts into its hand.</summary>
    private sealed class Hand : ITransport
    {
        private readonly ConcurrentDictionary<string, TaskCompletionSource<PartitionHandler>> _handlers = new(StringComparer.Ordinal);

        public string Name => "hand";

        public TransportCapabilities Capabilities => throw new NotSupportedException();

        public Task<PartitionHandler> HandlerOfAsync(string topic) => Slot(topic).Task.WaitAsync(TimeSpan.FromSeconds(10));

        public Task EnsureTopicsAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken) => Task.CompletedTask;

        public Task<PublishOutcome> PublishAsync(IReadOnlyList<OutgoingMessage> batch, CancellationToken cancellationToken) =>
            throw new NotSupportedException("What the saga sends stays in its outbox.");

        public Task ConsumeAsync(Subscription subscription, PartitionHandler handler, CancellationToken stopping)
        {
            Slot(subscription.Topic).TrySetResult(handler);
            return Task.Delay(Timeout.Infinite, stopping);
        }

        public ValueTask<IReadOnlyList<PartitionLag>> GetLagAsync(CancellationToken cancellationToken) => new([]);

        public ValueTask DisposeAsync() => default;

        private TaskCompletionSource<PartitionHandler> Slot(string topic) =>
            _handlers.GetOrAdd(topic, _ => new(TaskCreationOptions.RunContinuationsAsynchronously));
    }
}
