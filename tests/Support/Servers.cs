using Npgsql;

[assembly: AssemblyFixture(typeof(Support.Servers))]

namespace Support;

/// <summary>
/// The servers of a test run, one of each, started when a test first asks and stopped after the last test. A server named by
/// <c>ConnectionStrings__postgres</c>, <c>ConnectionStrings__nats</c> or <c>ConnectionStrings__kafka</c> (also
/// <c>KAFKA_BOOTSTRAP_SERVERS</c>) in the environment is used as it is and left running. Thread safe.
/// </summary>
/// <remarks>A test class takes it as a constructor parameter.</remarks>
public sealed class Servers : IAsyncLifetime
{
    private static readonly TimeSpan StartLimit = TimeSpan.FromMinutes(2);

    private readonly LazyServer _postgres = new("postgres", builder => builder.AddPostgres("postgres").WithArgs("-c", "wal_level=logical"));
    private readonly LazyServer _nats = new("nats", builder => builder.AddNats("nats").WithJetStream());
    private readonly LazyServer _kafka = new("kafka", builder => builder.AddKafka("kafka"), "KAFKA_BOOTSTRAP_SERVERS");

    /// <summary>The connection string of a PostgreSQL server, as its superuser and without a database.</summary>
    public Task<string> PostgresAsync() => _postgres.GetAsync();

    /// <summary>The URL of a NATS server with JetStream, with user and password.</summary>
    public Task<string> NatsAsync() => _nats.GetAsync();

    /// <summary>The bootstrap servers of a Kafka cluster.</summary>
    public Task<string> KafkaAsync() => _kafka.GetAsync();

    /// <summary>Creates an empty database.</summary>
    /// <param name="prefix">The beginning of its name; a random suffix makes it unique.</param>
    /// <returns>Its connection string.</returns>
    public async Task<string> NewDatabaseAsync(string prefix)
    {
        var server = await PostgresAsync();
        var name = $"{prefix}_{Guid.NewGuid():N}"[..Math.Min(prefix.Length + 13, 63)];
        await using var connection = new NpgsqlConnection(server);
        await connection.OpenAsync();
        await using var create = new NpgsqlCommand($"CREATE DATABASE \"{name}\"", connection);
        await create.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(server) { Database = name }.ConnectionString;
    }

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        NpgsqlConnection.ClearAllPools();
        await Task.WhenAll(_postgres.StopAsync(), _nats.StopAsync(), _kafka.StopAsync());
    }

    private sealed class LazyServer(string name, Action<IDistributedApplicationBuilder> add, string? otherVariable = null)
    {
        private readonly Lock _lock = new();
        private Task<string>? _connectionString;
        private DistributedApplication? _application;

        public Task<string> GetAsync()
        {
            lock (_lock)
                return _connectionString ??= StartAsync();
        }

        public async Task StopAsync()
        {
            if (_application is not null)
                await _application.DisposeAsync();
        }

        private async Task<string> StartAsync()
        {
            var given = Environment.GetEnvironmentVariable($"ConnectionStrings__{name}")
                ?? (otherVariable is null ? null : Environment.GetEnvironmentVariable(otherVariable));
            if (!string.IsNullOrEmpty(given))
                return given;

            using var limit = new CancellationTokenSource(StartLimit);
            var builder = DistributedApplicationTestingBuilder.Create();
            add(builder);
            _application = await builder.BuildAsync(limit.Token);
            await _application.StartAsync(limit.Token);
            await _application.ResourceNotifications.WaitForResourceHealthyAsync(name, limit.Token);
            return (await _application.GetConnectionStringAsync(name, limit.Token))!;
        }
    }
}
