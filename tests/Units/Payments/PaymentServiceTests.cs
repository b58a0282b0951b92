using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Messaging;
using Messaging.Postgres;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Payments;
using Payments.AuthorizingAPayment;
using Payments.CallingTheProvider;
using Payments.CapturingAPayment;
using Payments.VoidingAPayment;
using Shared.Contracts;
using Support;
using Units.Messaging;

namespace Units.Payments;

/// <summary>The whole service on PostgreSQL, from command to event, against a provider that behaves as the test says.</summary>
public sealed class PaymentServiceTests(Servers servers)
{
    [Fact]
    public async Task A_payment_is_authorised_and_captured_and_both_are_told()
    {
        await using var service = await StartAsync();
        var orderId = await service.AuthorizeAsync();
        await service.ToldAsync(orderId, "payments.payment-authorized.v1");

        await service.SendAsync(new CapturePayment(orderId));

        await service.ToldAsync(orderId, "payments.payment-captured.v1");
        service.Provider.CallsFor(orderId).ShouldBe(["authorize", "capture"]);
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Captured);
    }

    [Fact]
    public async Task A_void_asked_for_while_the_provider_hangs_is_made_at_once_and_outlasts_the_late_answer()
    {
        await using var service = await StartAsync();
        var answer = new TaskCompletionSource<HttpStatusCode>();
        service.Provider.Behave = step => step == "authorize" ? answer.Task : Task.FromResult(HttpStatusCode.OK);
        var orderId = await service.AuthorizeAsync();
        await Eventually.HoldsAsync(() => service.Provider.CallsFor(orderId).Contains("authorize"), "the provider is called");

        await service.SendAsync(new VoidPayment(orderId));
        await service.ToldAsync(orderId, "payments.payment-voided.v1");
        answer.SetResult(HttpStatusCode.Created);

        // The service stops only when the late answer has been dealt with.
        await service.StopAsync();
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Voided);
        service.Told(orderId).ShouldBe(["payments.payment-voided.v1"]);
    }

    [Fact]
    public async Task Payments_that_hang_do_not_keep_others_waiting()
    {
        await using var service = await StartAsync(("Provider:Concurrency", "2"), ("Provider:AttemptTimeout", "00:00:30"), ("Provider:CallTimeout", "00:00:40"), ("Provider:Lease", "00:01:00"));
        var never = new TaskCompletionSource<HttpStatusCode>();
        service.Provider.Behave = _ => never.Task;
        for (var i = 0; i < 6; i++)
            await service.AuthorizeAsync();
        await Eventually.HoldsAsync(() => service.Provider.Calls >= 6, "all six hang, three times as many as there are places");

        service.Provider.Behave = _ => Task.FromResult(HttpStatusCode.Created);
        await service.ToldAsync(await service.AuthorizeAsync(), "payments.payment-authorized.v1");
        never.SetResult(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_call_in_vain_is_repeated_under_the_same_key_until_there_is_an_answer()
    {
        await using var service = await StartAsync(("Provider:Pause", "00:00:00.010"));
        var calls = 0;
        service.Provider.Behave = _ => Interlocked.Increment(ref calls) < 8
            ? Task.FromException<HttpStatusCode>(new HttpRequestException("cut"))
            : Task.FromResult(HttpStatusCode.Created);

        var orderId = await service.AuthorizeAsync();

        await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        service.Provider.CallsFor(orderId).Count.ShouldBe(8);
        service.Provider.CallsFor(orderId).Distinct().ShouldBe(["authorize"]);
    }

    [Fact]
    public async Task A_payment_claimed_by_a_worker_that_was_killed_is_taken_up_when_its_lease_ends()
    {
        await using var service = await StartAsync(("Provider:Lease", "00:00:06"));
        var orderId = Guid.CreateVersion7();
        await using (var db = service.Open())
        {
            // What a killed worker leaves behind: a payment whose lease runs for another half second.
            db.Payments.Add(Payment.Authorizing(
                new AuthorizePayment(orderId, 10m, "EUR", "visa"), DateTimeOffset.UtcNow.AddMilliseconds(500), askedBy: default));
            await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        }

        await service.ToldAsync(orderId, "payments.payment-authorized.v1");
        service.Provider.CallsFor(orderId).ShouldBe(["authorize"]);
    }

    [Fact]
    public async Task A_void_for_a_payment_nobody_asked_for_is_remembered_and_the_provider_never_called()
    {
        await using var service = await StartAsync();
        var orderId = Guid.CreateVersion7();

        await service.SendAsync(new VoidPayment(orderId));
        await service.ToldAsync(orderId, "payments.payment-voided.v1");
        await service.SendAsync(new AuthorizePayment(orderId, 10m, "EUR", "visa"));
        await service.ToldAsync(await service.AuthorizeAsync(), "payments.payment-authorized.v1");

        service.Provider.CallsFor(orderId).ShouldBeEmpty();
        (await service.StateAsync(orderId)).ShouldBe(PaymentState.Voided);
    }

    private async Task<Service> StartAsync(params (string Key, string Value)[] settings) =>
        await Service.StartAsync(await servers.NewDatabaseAsync("payments"), settings);

    private sealed class Service : IAsyncDisposable
    {
        private readonly ConcurrentQueue<Message> _told = new();
        private readonly CancellationTokenSource _stop = new();
        private readonly string _database;
        private readonly IHost _host;
        private Task _reading = Task.CompletedTask;

        private Service(string database, IHost host) => (_database, _host) = (database, host);

        public ScriptedProvider Provider { get; } = new();

        public static async Task<Service> StartAsync(string database, (string Key, string Value)[] settings)
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
                    .Consumer<AuthorizePaymentConsumer>().Consumer<CapturePaymentConsumer>().Consumer<VoidPaymentConsumer>()));
            builder.Services.AddProviderCalls();
            Service? service = null;
            builder.Services.AddHttpClient<ProviderClient>().ConfigurePrimaryHttpMessageHandler(() => service!.Provider);
            service = new Service(database, builder.Build());
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
    private sealed class ScriptedProvider : HttpMessageHandler
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
}
