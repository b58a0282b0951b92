using PaymentProvider;
using PaymentProvider.Bank;
using PaymentProvider.Behaving;
using ServiceDefaults;

var builder = WebApplication.CreateBuilder(args);
builder.AddServiceDefaults();
builder.Services.AddSingleton(_ => BankDatabase.Open(
    builder.Configuration.GetConnectionString("provider-db")
    ?? throw new InvalidOperationException("There is no connection string 'provider-db': set ConnectionStrings:provider-db.")));
builder.Services.AddHostedService<BankSchema>();
builder.Services.AddHealthChecks().AddCheck<BankHealth>("database");
builder.Services.AddSingleton(TimeProvider.System);
builder.Services.AddSingleton<PaymentBank>();
builder.Services.AddSingleton<BehaviourSwitch>();
builder.Services.AddProblemDetails();
builder.Services.AddOpenApi();

var app = builder.Build();
app.UseExceptionHandler();
app.UseStatusCodePages();
app.MapOpenApi();
app.MapAuthorizations();
app.MapLedger();
app.MapBehaviour();
app.MapDefaultEndpoints();
await app.RunAsync();
