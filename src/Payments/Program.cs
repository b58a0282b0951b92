using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Messaging.Postgres;
using Microsoft.Extensions.Options;
using Payments;
using Payments.AuthorizingAPayment;
using Payments.CallingTheProvider;
using Payments.CapturingAPayment;
using Payments.ReadingPayments;
using Payments.VoidingAPayment;
using ServiceDefaults;
using Shared.Contracts;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddMessaging(builder.Configuration, "payments", messaging => messaging
    .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
    .UseJetStream()
    .UseKafka()
    .UsePostgres<PaymentsDbContext>("payments-db")
    .Receive("payments.payments", [Topics.PaymentsCommands], receiver => receiver
        .Consumer<AuthorizePaymentConsumer>()
        .Consumer<CapturePaymentConsumer>()
        .Consumer<VoidPaymentConsumer>()));

builder.Services.AddOptions<ProviderOptions>()
    .BindConfiguration("Provider")
    .ValidateDataAnnotations()
    .Validate(options => options.Lease > options.CallTimeout, "Provider:Lease must be longer than Provider:CallTimeout.")
    .ValidateOnStart();
builder.Services.AddHttpClient<ProviderClient>((services, http) =>
{
    http.BaseAddress = services.GetRequiredService<IOptions<ProviderOptions>>().Value.Address;
    http.Timeout = Timeout.InfiniteTimeSpan; // The pipeline bounds each attempt.
});
builder.Services.AddSingleton<ProviderPipelines>();
builder.Services.AddScoped<PaymentClaims>();
builder.Services.AddScoped<ProviderCall>();
builder.Services.AddSingleton<PaymentSignal>();
builder.Services.AddSingleton<SignalAfterCommit>();
builder.Services.ConfigureDbContext<PaymentsDbContext>((services, options) =>
    options.AddInterceptors(services.GetRequiredService<SignalAfterCommit>()));
builder.Services.AddHostedService<PaymentWorker>();
builder.Services.AddProblemDetails();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi("/openapi/{documentName}.json");
app.MapPayments();
app.MapDefaultEndpoints();
await app.RunAsync();
