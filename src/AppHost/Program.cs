// dotnet run --project src/AppHost -- --transport jetstream|kafka [--coordination orchestration|choreography]
//     [--orders-replicas N] [--inventory-replicas N] [--payments-replicas N] [--antipattern NAME]
using System.Globalization;

var builder = DistributedApplication.CreateBuilder(args);

var transport = builder.Configuration["transport"] ?? "jetstream";
var coordination = builder.Configuration["coordination"] ?? "orchestration";
// Breaks the system on purpose, to show that ./dev prove finds it: see docs/antipatterns.
var antipattern = builder.Configuration["antipattern"];
string[] antipatterns =
[
    "dual-write", "no-inbox", "ack-before-handle", "unordered-retry", "no-idempotency-key", "no-compensation",
    "inbox-in-another-transaction", "auto-commit-offsets", "relay-by-sequence-cursor",
];
var wrong = transport is not ("jetstream" or "kafka") ? $"Unknown transport '{transport}': it is jetstream or kafka."
    : coordination is not ("orchestration" or "choreography") ? $"Unknown coordination '{coordination}': it is orchestration or choreography."
    : antipattern is not null && !antipatterns.Contains(antipattern, StringComparer.Ordinal)
        ? $"Unknown antipattern '{antipattern}': it is one of {string.Join(", ", antipatterns)}."
    : Array.Find(["orders", "inventory", "payments"], service => ReplicasOf(service) is < 1 or > 8) is { } service
        ? $"--{service}-replicas takes a number from 1 to 8, not '{builder.Configuration[$"{service}-replicas"]}'."
    : null;
if (wrong is not null)
{
    Console.Error.WriteLine(wrong);
    Environment.ExitCode = 2;
    return;
}

// Without this level of its log, services cannot be run with Outbox:Relay = wal. And as many connections as the pools of all services may
// grow to in a rush, as after an outage: 100 each.
var postgres = builder.AddPostgres("postgres").WithArgs("-c", "wal_level=logical", "-c", "max_connections=500");
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
        .WithReplicas(ReplicasOf(name))
        .WithHttpEndpoint()
        .WithHttpHealthCheck("/health")
        .WithEnvironment("Transport", transport)
        .WithEnvironment("Coordination", coordination)
        .WithEnvironment("Antipattern", antipattern)
        .WithReference(database).WaitFor(database)
        .WithReference(broker).WaitFor(broker);

int ReplicasOf(string service) =>
    int.TryParse(builder.Configuration[$"{service}-replicas"] ?? "1", NumberStyles.None, CultureInfo.InvariantCulture, out var replicas) ? replicas : 0;
