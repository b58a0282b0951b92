using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Messaging;
using Messaging.Antipatterns;
using Messaging.Postgres;
using Microsoft.AspNetCore.Http;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Payments;
using Payments.Antipatterns;
using Payments.AuthorizingAPayment;
using Payments.CallingTheProvider;
using Payments.CapturingAPayment;
using Payments.ReactingToEvents;
using Payments.RetryingAPayment;
using Payments.VoidingAPayment;
using Shared.Contracts;
using Units.Messaging;

namespace Units.Payments;

/// <summary>The whole service on PostgreSQL, from command to event, against a provider that behaves as the test says.</summary>
internal sealed class PaymentService : IAsyncDisposable
{
    private readonly ConcurrentQueue<Message> _told = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly string _database;
    private readonly IHost _host;
    private Task _reading = Task.CompletedTask;

    private PaymentService(string database, IHost host) => (_database, _host) = (database, host);

    public ScriptedProvider Provider { get; } = new();

    public static async Task<PaymentService> StartAsync(string database, (string Key, string Value)[] settings)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection([
            new("Transport", "in-memory"), new("ConnectionStrings:payments-db", database + ";Pooling=false"),
            .. settings.Select(setting => KeyValuePair.Create(setting.Key, (string?)setting.Value))]);
        builder.Logging.SetMinimumLevel(LogLevel.None);
        builder.Services.AddSingleton<InMemoryBroker>();
        builder.Services.AddMessaging(builder.Configuration, "payments", messaging => messaging
            .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
            .UseInMemory()
            .UsePostgres<PaymentsDbContext>("payments-db")
            .Receive("payments.payments", [Topics.PaymentsCommands], receiver => receiver
                .Consumer<AuthorizePaymentConsumer>().Consumer<CapturePaymentConsumer>().Consumer<VoidPaymentConsumer>())
            .Receive("payments.reactions", [Topics.OrdersEvents, Topics.InventoryEvents, Topics.PaymentsEvents], receiver => receiver
                .Consumer<PaymentReactions>()));
        builder.Services.AddOptions<ChoreographyOptions>().BindConfiguration("Choreography");
        builder.Services.AddProviderCalls();
        builder.Services.AddAntipattern(builder.Configuration, NoIdempotencyKey.Antipattern);
        PaymentService? service = null;
        builder.Services.AddHttpClient<ProviderClient>().ConfigurePrimaryHttpMessageHandler(() => service!.Provider);
        service = new PaymentService(database, builder.Build());
        await service._host.StartAsync(TestContext.Current.CancellationToken);
        service._reading = service.ReadAsync();
        return service;
    }

    public PaymentsDbContext Open() => new(ServiceSchema.Options<PaymentsDbContext>(_database));

    public async Task<Guid> AuthorizeAsync()
    {
        var orderId = Guid.CreateVersion7();
        await SendAsync(new AuthorizePayment(orderId, 10m, "EUR", "visa"));
        return orderId;
    }

    public async Task SendAsync(IOrderMessage command)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<OutboxWriter>().Add(command);
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);
    }

    public IReadOnlyList<string> Told(Guid orderId) =>
        [.. _told.Where(message => message.PartitionKey == orderId.ToString()).Select(message => message.Type)];

    public Task ToldAsync(Guid orderId, string what) => Eventually.HoldsAsync(() => Told(orderId).Contains(what), what);

    public async Task<PaymentState> StateAsync(Guid orderId)
    {
        await using var db = Open();
        return (await db.Payments.AsNoTracking().SingleAsync(payment => payment.OrderId == orderId, TestContext.Current.CancellationToken)).State;
    }

    public ProviderCircuit Authorizing => _host.Services.GetRequiredService<ProviderPipelines>().Circuits[0];

    public async Task<IReadOnlyList<Payment>> PaymentsAsync()
    {
        await using var db = Open();
        return await db.Payments.AsNoTracking().ToListAsync(TestContext.Current.CancellationToken);
    }

    public async Task<IResult> RetryAsync(Guid orderId)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        return await RetryPaymentEndpoint.HandleAsync(
            orderId, scope.ServiceProvider.GetRequiredService<PaymentsDbContext>(), _host.Services.GetRequiredService<PaymentSignal>(),
            TimeProvider.System, TestContext.Current.CancellationToken);
    }

    public async Task<HealthReportEntry> HealthAsync() => (await _host.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(
        check => string.Equals(check.Name, "provider", StringComparison.Ordinal), TestContext.Current.CancellationToken)).Entries["provider"];

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        await _stop.CancelAsync();
        await _reading;
        _host.Dispose();
        _stop.Dispose();
        Provider.Dispose();
    }

    private Task ReadAsync() => _host.Services.GetRequiredService<ITransport>().ConsumeAsync(
        new Subscription(Topics.PaymentsEvents, "test"),
        (batch, _) =>
        {
            foreach (var delivery in batch.Deliveries)
                _told.Enqueue(IncomingMessage.From(delivery).Message!);
            return Task.CompletedTask;
        },
        _stop.Token);
}

/// <summary>Answers with the status that the test wants, or not at all.</summary>
internal sealed class ScriptedProvider : HttpMessageHandler
{
    private readonly ConcurrentQueue<string> _keys = new();

    public Func<string, Task<HttpStatusCode>> Behave { get; set; } = _ => Task.FromResult(HttpStatusCode.OK);

    public int Calls => _keys.Count;

    public IReadOnlyList<string> CallsFor(Guid orderId) =>
        [.. _keys.Where(key => key.StartsWith(orderId.ToString(), StringComparison.Ordinal)).Select(key => key[37..])];

    protected override async Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        var key = request.Headers.GetValues("Idempotency-Key").Single();
        _keys.Enqueue(key);
        var status = await Behave(key[37..]).WaitAsync(cancellationToken);
        return new HttpResponseMessage(status) { Content = JsonContent.Create(new { }, options: JsonSerializerOptions.Web) };
    }
}
