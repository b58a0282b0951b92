using System.Diagnostics;
using System.Globalization;
using Lab.Benching.Transports;
using Lab.Running;
using Messaging;
using Messaging.JetStream;
using Messaging.Kafka;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Npgsql;

namespace Lab.Benching;

/// <summary>
/// A broker started for a bench and gone with it: nats-server with JetStream on disk, or the Kafka that the app host would start.
/// On demand with PostgreSQL beside it.
/// </summary>
internal sealed class BrokerProcess : IAsyncDisposable
{
    private const string Postgres = "postgres";

    private static readonly string[] Settings = ["server_version", "fsync", "synchronous_commit", "full_page_writes", "wal_level"];

    private readonly DistributedApplication _app;

    private BrokerProcess(DistributedApplication app, string url, BrokerDescription description, Process? process) =>
        (_app, Url, Description, Process) = (app, url, description, process);

    /// <summary>When it writes to the disk.</summary>
    public Durability Durability { get; private init; } = Durability.Default;

    /// <summary>The connection string of the database server, as its superuser; null when none was asked for.</summary>
    public string? Database { get; private init; }

    /// <summary>The database server's first process, the parent of the others; null when it is not known.</summary>
    public Process? DatabaseProcess { get; private init; }

    /// <summary>Where it listens, credentials included.</summary>
    public string Url { get; }

    /// <summary>What it is.</summary>
    public BrokerDescription Description { get; }

    /// <summary>The broker's process; null when it runs elsewhere and its processor time cannot be read.</summary>
    public Process? Process { get; }

    /// <param name="transport"><c>jetstream</c> or <c>kafka</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <param name="withDatabase">Starts PostgreSQL, too.</param>
    /// <param name="durability">When the broker is to write to the disk; as it does by itself by default.</param>
    /// <exception cref="LabException">It does not start.</exception>
    public static async Task<BrokerProcess> StartAsync(string transport, CancellationToken cancellationToken, bool withDatabase = false, Durability? durability = null)
    {
        durability ??= Durability.Default;
        // The app host knows which broker it is and where it comes from; everything else stays away.
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>([$"--transport={transport}", .. durability.Arguments], cancellationToken);
        builder.Services.AddLogging(logging => logging.ClearProviders());
        foreach (var resource in builder.Resources.Where(resource => resource is ProjectResource or PostgresDatabaseResource || (resource is PostgresServerResource && !withDatabase)).ToArray())
            builder.Resources.Remove(resource);
        var name = transport == "kafka" ? "kafka" : "nats";
        var app = await builder.BuildAsync(cancellationToken);
        try
        {
            await app.StartAsync(cancellationToken);
            var process = await RunningAsync(app, name, cancellationToken);
            var url = await app.GetConnectionStringAsync(name, cancellationToken) ?? throw new LabException($"{name} has no connection string");
            var description = transport == "kafka"
                ? KafkaBroker.Describe(app.Services.GetRequiredService<IConfiguration>())
                : await NatsBroker.DescribeAsync(url, cancellationToken);
            return new BrokerProcess(app, url, description, process)
            {
                Durability = durability,
                DatabaseProcess = withDatabase ? await RunningAsync(app, Postgres, cancellationToken) : null,
                Database = withDatabase ? await app.GetConnectionStringAsync(Postgres, cancellationToken) : null,
            };
        }
        catch (DistributedApplicationException failure)
        {
            await app.DisposeAsync();
            throw new LabException(failure.Message, failure);
        }
        catch
        {
            await app.DisposeAsync();
            throw;
        }
    }

    /// <summary>The port over this broker.</summary>
    public ITransport Connect(string transport) => transport == "kafka"
        ? new KafkaTransport(
            Url,
            new KafkaTransportOptions { TopicSettings = Durability.KafkaTopicSettings, ClientSettings = RawKafkaLane.ConsumerSettings },
            NullLoggerFactory.Instance, TimeProvider.System)
        : new JetStreamTransport(Url, new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);

    /// <summary>The database server's version and the settings that its durability hangs on.</summary>
    public async Task<IReadOnlyDictionary<string, string>> ReadDatabaseSettingsAsync(CancellationToken cancellationToken)
    {
        await using var source = NpgsqlDataSource.Create(Database!);
        var values = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var setting in Settings)
        {
            await using var show = source.CreateCommand($"show {setting}");
            values[setting] = (string)(await show.ExecuteScalarAsync(cancellationToken))!;
        }

        return values;
    }

    public async ValueTask DisposeAsync()
    {
        Process?.Dispose();
        DatabaseProcess?.Dispose();
        await _app.DisposeAsync();
    }

    private static async Task<Process?> RunningAsync(DistributedApplication app, string resource, CancellationToken cancellationToken)
    {
        var running = await app.ResourceNotifications.WaitForResourceHealthyAsync(resource, cancellationToken);
        var id = running.Snapshot.Properties.FirstOrDefault(property => property.Name == "executable.pid")?.Value;
        return id is null ? null : Process.GetProcessById(Convert.ToInt32(id, CultureInfo.InvariantCulture));
    }
}
