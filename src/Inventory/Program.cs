using Inventory;
using Inventory.CommittingStock;
using Inventory.ReactingToEvents;
using Inventory.ReadingStock;
using Inventory.ReleasingStock;
using Inventory.ReservingStock;
using Inventory.Stock;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Messaging.Postgres;
using ServiceDefaults;
using Shared.Contracts;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
var coordination = Coordinations.Parse(builder.Configuration["Coordination"]);
builder.Services.AddMessaging(builder.Configuration, "inventory", messaging =>
{
    messaging
        .Messages(OrderFlow.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, OrderFlow.KeyOf)))
        .Messages(StockQueries.Messages.Select(kind => new MessageDefinition(kind.Name, kind.Topic, kind.ClrType, StockQueries.KeyOf)))
        .UseJetStream()
        .UseKafka()
        .UsePostgres<InventoryDbContext>("inventory-db")
        .Answer<StockQuery, StockAnswer>(StockResponder.AnswerAsync);
    if (coordination is Coordination.Orchestration)
    {
        messaging.LoadAhead<InventoryDbContext, Reservation>("inventory.stock").Receive("inventory.stock", [Topics.InventoryCommands], receiver => receiver
            .RetryOn<IllegalReservationChangeException>(RetryPolicy.Never)
            .Consumer<ReserveStockConsumer>()
            .Consumer<ReleaseStockConsumer>()
            .Consumer<CommitStockConsumer>());
    }
    else
    {
        messaging.LoadAhead<InventoryDbContext, Reservation>("inventory.reactions").Receive("inventory.reactions", [Topics.OrdersEvents, Topics.PaymentsEvents], receiver => receiver
            .RetryOn<IllegalReservationChangeException>(RetryPolicy.Never)
            .Consumer<StockReactions>());
    }
});
builder.Services.AddScoped<Reservations>();
builder.Services.AddScoped<Warehouse>();
builder.Services.AddProblemDetails();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapStock();
app.MapParkedMessages();
app.MapDefaultEndpoints();
await app.RunAsync();
