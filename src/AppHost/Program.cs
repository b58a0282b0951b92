// dotnet run --project src/AppHost -- --transport jetstream|kafka [--orders-replicas N] [--inventory-replicas N] [--payments-replicas N]
var builder = DistributedApplication.CreateBuilder(args);

var transport = builder.Configuration["transport"] ?? "jetstream";
if (transport is not ("jetstream" or "kafka"))
{
    Console.Error.WriteLine($"Unknown transport '{transport}': it is jetstream or kafka.");
    Environment.ExitCode = 2;
    return;
}

var postgres = builder.AddPostgres("postgres");
var ordersDb = postgres.AddDatabase("orders-db", "orders");
var inventoryDb = postgres.AddDatabase("inventory-db", "inventory");
var paymentsDb = postgres.AddDatabase("payments-db", "payments");
var providerDb = postgres.AddDatabase("provider-db", "provider");

// A Kafka cluster that runs already is used as it is.
var kafka = builder.Configuration.GetConnectionString("kafka") ?? builder.Configuration["KAFKA_BOOTSTRAP_SERVERS"];
IResourceBuilder<IResourceWithConnectionString> broker = transport switch
{
    "jetstream" => builder.AddNats("nats").WithJetStream(),
    _ when kafka is not null => builder.AddConnectionString("kafka", ReferenceExpression.Create($"{kafka}")),
    _ => builder.AddKafka("kafka"),
};

var provider = builder.AddProject<Projects.PaymentProvider>("payment-provider")
    .WithHttpEndpoint()
    .WithHttpHealthCheck("/health")
    .WithReference(providerDb).WaitFor(providerDb);

AddService<Projects.Inventory>("inventory", inventoryDb);
AddService<Projects.Payments>("payments", paymentsDb).WithReference(provider).WaitFor(provider);
AddService<Projects.Orders>("orders", ordersDb).WithExternalHttpEndpoints();

await builder.Build().RunAsync();

IResourceBuilder<ProjectResource> AddService<TProject>(string name, IResourceBuilder<PostgresDatabaseResource> database)
    where TProject : IProjectMetadata, new() =>
    builder.AddProject<TProject>(name)
        .WithReplicas(builder.Configuration.GetValue($"{name}-replicas", 1))
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithEnvironment("Transport", transport)
        .WithReference(database).WaitFor(database)
        .WithReference(broker).WaitFor(broker);
