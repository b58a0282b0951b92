using Messaging;
using Messaging.Antipatterns;
using Messaging.JetStream;
using Messaging.Kafka;
using Messaging.Postgres;
using Orders;
using Orders.Antipatterns;
using Orders.AskingForStock;
using Orders.CancellingAnOrder;
using Orders.EndingAnOrder;
using Orders.FulfillingAnOrder;
using Orders.PlacingAnOrder;
using Orders.ReactingToEvents;
using Orders.ReadingOrders;
using ServiceDefaults;
using Shared.Contracts;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
var coordination = Coordinations.Parse(builder.Configuration["Coordination"]);
var ends = OrderFlow.Messages.Where(kind => kind.ClrType == typeof(PaymentCaptured)).Select(kind => kind.Name).ToHashSet(StringComparer.Ordinal);
builder.Services.AddMessaging(builder.Configuration, "orders", messaging =>
{
    messaging
        .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
        .Messages(StockQueries.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, StockQueries.KeyOf)))
        .UseJetStream()
        .UseKafka()
        .UsePostgres<OrdersDbContext>("orders-db")
        .Receive(
            "orders.read-model",
            [Topics.OrdersEvents, Topics.InventoryEvents, Topics.PaymentsEvents],
            receiver => receiver.Consumer<OrderViewProjection>());
    if (coordination is Coordination.Orchestration)
    {
        messaging.LoadAhead<OrdersDbContext, Fulfilment>("orders.fulfilment").LoadAhead<OrdersDbContext, Order>("orders.fulfilment", ends).Receive(
            "orders.fulfilment",
            [Topics.OrdersEvents, Topics.InventoryEvents, Topics.PaymentsEvents],
            receiver => receiver.Saga<OrderStateMachine, Fulfilment>());
    }
    else
    {
        messaging.LoadAhead<OrdersDbContext, Order>("orders.reactions", ends).Receive("orders.reactions", [Topics.InventoryEvents, Topics.PaymentsEvents], receiver => receiver
            .RetryOn<ContradictingEndException>(RetryPolicy.Never)
            .Consumer<OrderReactions>());
    }
});
builder.Services.AddOptions<FulfilmentOptions>()
    .BindConfiguration("Fulfilment")
    .Validate(options => options.StockDeadline > TimeSpan.Zero && options.PaymentDeadline > TimeSpan.Zero, "Fulfilment deadlines must be positive.")
    .ValidateOnStart();
builder.Services.AddScoped<IOrderEndings, OrderEndings>();
builder.Services.AddScoped<PlaceOrderHandler>();
builder.Services.AddAntipattern(builder.Configuration, NoCompensation.Antipattern);
builder.Services.AddProblemDetails(options => options.CustomizeProblemDetails = Problems.Name);
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapPlaceOrder();
app.MapCancelOrder();
app.MapGetOrder();
app.MapListOrders();
app.MapGetStock();
app.MapParkedMessages();
app.MapGet("/problems", () => Problems.All).WithName("ListProblems").WithSummary("What can be wrong with a request.");
app.MapDefaultEndpoints();
await app.RunAsync();
