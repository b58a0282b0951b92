using Messaging;
using Messaging.Antipatterns;
using Messaging.JetStream;
using Messaging.Kafka;
using Messaging.Postgres;
using Payments;
using Payments.Antipatterns;
using Payments.AuthorizingAPayment;
using Payments.CallingTheProvider;
using Payments.CapturingAPayment;
using Payments.ReactingToEvents;
using Payments.ReadingPayments;
using Payments.RetryingAPayment;
using Payments.VoidingAPayment;
using ServiceDefaults;
using Shared.Contracts;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
var coordination = Coordinations.Parse(builder.Configuration["Coordination"]);
builder.Services.AddMessaging(builder.Configuration, "payments", messaging =>
{
    messaging
        .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
        .UseJetStream()
        .UseKafka()
        .UsePostgres<PaymentsDbContext>("payments-db");
    if (coordination is Coordination.Orchestration)
    {
        messaging.LoadAhead<PaymentsDbContext, Payment>("payments.payments").Receive("payments.payments", [Topics.PaymentsCommands], receiver => receiver
            .RetryOn<IllegalPaymentChangeException>(RetryPolicy.Never)
            .Consumer<AuthorizePaymentConsumer>()
            .Consumer<CapturePaymentConsumer>()
            .Consumer<VoidPaymentConsumer>());
    }
    else
    {
        messaging.Receive("payments.reactions", [Topics.OrdersEvents, Topics.InventoryEvents, Topics.PaymentsEvents], receiver => receiver
            .RetryOn<ContradictingStockException>(RetryPolicy.Never)
            .Consumer<PaymentReactions>());
    }
});
builder.Services.AddOptions<ChoreographyOptions>()
    .BindConfiguration("Choreography")
    .Validate(options => options.AuthorizationDeadline > TimeSpan.Zero, "Choreography:AuthorizationDeadline must be positive.")
    .ValidateOnStart();
builder.Services.AddProviderCalls();
builder.Services.AddAntipattern(builder.Configuration, NoIdempotencyKey.Antipattern);
builder.Services.AddProblemDetails();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapPayments();
app.MapRetryPayment();
app.MapParkedMessages();
app.MapDefaultEndpoints();
await app.RunAsync();
