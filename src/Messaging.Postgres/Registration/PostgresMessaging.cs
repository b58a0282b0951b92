using System.Reflection;
using Messaging.Antipatterns;
using Messaging.Postgres.Antipatterns;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Npgsql;

namespace Messaging.Postgres;

/// <summary>Registers PostgreSQL as the place of a service's data, outbox, inbox, parked messages and sagas.</summary>
public static class PostgresMessaging
{
    /// <summary>
    /// Adds the service's database: an <see cref="NpgsqlDataSource"/>, the DbContext on it (without a retrying execution strategy:
    /// the receiver retries whole batches), the schema scripts (applied before any hosted service starts), the scoped store as
    /// <see cref="IReceiveStore"/> and <see cref="IUnitOfWork"/>, the outbox relay, the retrier of parked messages, the pruning of the
    /// inbox, the repository of MassTransit's sagas, and the health checks <c>database</c> and <c>relay</c>. Options come from the
    /// configuration sections <c>Outbox</c> (<see cref="OutboxOptions"/>), <c>Inbox</c> (<see cref="InboxOptions"/>) and <c>Parked</c> (<see cref="ParkedOptions"/>).
    /// </summary>
    /// <remarks>
    /// Its sessions, and so the service's own queries, plan by index only (<c>enable_seqscan</c>, <c>enable_bitmapscan</c> and <c>jit</c> off),
    /// prepare the 50 statements they run most, are not reset between two uses, and end after 60 s idle in a transaction. What the connection
    /// string says in <c>Options</c>, <c>Max Auto Prepare</c> or <c>No Reset On Close</c> goes first; a report that reads whole tables wants a
    /// data source of its own.
    /// </remarks>
    /// <typeparam name="TDbContext">
    /// The service's DbContext. It is pooled: its constructor takes its options and nothing else, and it keeps no state of its own. A
    /// saga in its model carries a concurrency token.
    /// </typeparam>
    /// <param name="builder">The service's messaging.</param>
    /// <param name="connectionName">The connection string's name, such as <c>orders-db</c>.</param>
    /// <param name="scripts">The assembly whose embedded <c>.sql</c> files make the service's own tables, ordered by name; null: that of the DbContext.</param>
    /// <exception cref="InvalidOperationException">There is no such connection string.</exception>
    public static MessagingBuilder UsePostgres<TDbContext>(this MessagingBuilder builder, string connectionName, Assembly? scripts = null)
        where TDbContext : DbContext
    {
        ArgumentNullException.ThrowIfNull(builder);
        var connectionString = builder.Configuration.GetConnectionString(connectionName);
        if (string.IsNullOrWhiteSpace(connectionString))
            throw new InvalidOperationException($"There is no connection string '{connectionName}': set ConnectionStrings:{connectionName}.");

        var services = builder.Services;
        services.TryAddSingleton(TimeProvider.System);
        AddDatabase<TDbContext>(services, connectionString, builder.ServiceName);
        AddSchema(services, scripts ?? typeof(TDbContext).Assembly);
        AddStore<TDbContext>(services);
        AddRelay(services, builder.Configuration);
        AddWalRelay(services, builder.Configuration, connectionString);
        AddRetrier(services, builder.Configuration);
        AddOperating(services);
        builder.SagaRepositories = new PostgresSagaRepositories();
        services.AddHealthChecks()
            .AddCheck<DatabaseHealthCheck>("database")
            .AddCheck<RelayHealthCheck>("relay");
        services.AddAntipattern(builder.Configuration, RelayBySequenceCursor.Antipattern);
        return builder;
    }

    /// <summary>
    /// Has the rows whose primary key is the key of a batch's messages loaded by one query before the batch is handled. Handlers find
    /// them in <see cref="RowsByKey{TRow}"/>, and so does MassTransit a saga's instances.
    /// </summary>
    /// <typeparam name="TDbContext">The service's DbContext.</typeparam>
    /// <typeparam name="TRow">An entity of its model whose primary key is one UUID.</typeparam>
    /// <param name="builder">The service's messaging.</param>
    /// <param name="group">The consumer group whose handlers look for them.</param>
    /// <param name="types">Only for messages of these types, as the catalog names them; null: for all.</param>
    /// <exception cref="InvalidOperationException">Rows of this type are loaded ahead for a group already.</exception>
    public static MessagingBuilder LoadAhead<TDbContext, TRow>(this MessagingBuilder builder, string group, IReadOnlySet<string>? types = null)
        where TDbContext : DbContext
        where TRow : class
    {
        ArgumentNullException.ThrowIfNull(builder);
        if (builder.Services.Any(service => service.ServiceType == typeof(RowsByKey<TRow>)))
            throw new InvalidOperationException($"{typeof(TRow).Name} is loaded ahead for another group already.");
        builder.Services.AddScoped(provider => new RowsByKey<TRow>(
            provider.GetRequiredService<TDbContext>(),
            (consumer, message) => consumer == group && (types is null || types.Contains(message.Type))));
        builder.Services.AddScoped<ILoadAhead, LoadRowsAhead<TRow>>();
        return builder;
    }

    // A process that is frozen or gone must not keep lanes and inbox rows for hours. Longer than a relay waits for the broker.
    private const string Abandonment = "-c idle_in_transaction_session_timeout=60s -c tcp_keepalives_idle=30 -c tcp_keepalives_interval=10";

    // The plans of prepared statements are made once, maybe while a table is empty, and must do when it is full: rows are looked up by
    // an index. A plan that can do no other than read a whole table counts as so dear then that it would be compiled. A pooler that
    // does not pass options on needs the same by "alter role … set".
    private const string Planning = "-c enable_seqscan=off -c enable_bitmapscan=off -c jit=off";

    // Every message runs the same few statements; parsing and planning them anew costs as much as they do. A connection string with
    // "Max Auto Prepare=0" turns it off, for a pooler that cannot do with it.
    private const int PreparedStatements = 50;

    private static void AddDatabase<TDbContext>(IServiceCollection services, string connectionString, string serviceName)
        where TDbContext : DbContext
    {
        services.AddSingleton(provider =>
        {
            var source = new NpgsqlDataSourceBuilder(connectionString);
            source.ConnectionStringBuilder.ApplicationName ??= serviceName;
            if (!source.ConnectionStringBuilder.ShouldSerialize("Max Auto Prepare"))
                source.ConnectionStringBuilder.MaxAutoPrepare = PreparedStatements;
            // Nothing here changes a session for longer than a transaction, but for the listener, which takes it back itself: so there is
            // nothing to reset each time one goes back to the pool, seven statements in front of the next one's first. Handlers that set
            // something for their session need a connection string with "No Reset On Close=false".
            if (!source.ConnectionStringBuilder.ShouldSerialize("No Reset On Close"))
                source.ConnectionStringBuilder.NoResetOnClose = true;
            // Of two the later one wins: what the connection string says comes last.
            source.ConnectionStringBuilder.Options = $"{Abandonment} {Planning} {source.ConnectionStringBuilder.Options}".Trim();
            return source.UseLoggerFactory(provider.GetService<ILoggerFactory>()).Build();
        });
        services.AddDbContextPool<TDbContext>((provider, options) => options.UseNpgsql(provider.GetRequiredService<NpgsqlDataSource>()));
    }

    private static void AddSchema(IServiceCollection services, Assembly scripts)
    {
        services.AddSingleton(provider => ActivatorUtilities.CreateInstance<SchemaUpgrade>(
            provider,
            (IReadOnlyList<SchemaScript>)[.. SchemaScript.EmbeddedIn(typeof(PostgresMessaging).Assembly), .. SchemaScript.EmbeddedIn(scripts)]));
        services.AddHostedService<SchemaUpgradeAtStart>();
    }

    private static void AddStore<TDbContext>(IServiceCollection services)
        where TDbContext : DbContext
    {
        services.AddScoped(provider => new PostgresStore(
            provider.GetRequiredService<TDbContext>(),
            provider.GetRequiredService<Outbox>(),
            provider.GetRequiredService<IOutboxStorage>(),
            provider.GetRequiredService<ParkedSignal>(),
            provider.GetServices<ILoadAhead>(),
            provider.GetServices<IAfterCommit>(),
            provider.GetRequiredService<ILogger<PostgresStore>>()));
        services.AddScoped<DbContext>(provider => provider.GetRequiredService<TDbContext>());
        services.TryAddScoped(typeof(RowsByKey<>));
        services.AddScoped<IReceiveStore>(provider => provider.GetRequiredService<PostgresStore>());
        services.AddScoped<IUnitOfWork>(provider => provider.GetRequiredService<PostgresStore>());
        services.AddSingleton<IFailureClassifier, PostgresFailures>();
    }

    private static void AddRetrier(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<ParkedOptions>().Bind(configuration.GetSection("Parked")).ValidateDataAnnotations().ValidateOnStart();
        services.AddSingleton<ParkedSignal>();
        services.AddHostedService<ParkedRetrier>();
        services.AddHostedService<ParkedCount>();
    }

    private static void AddRelay(IServiceCollection services, IConfiguration configuration)
    {
        services.AddOptions<OutboxOptions>().Bind(configuration.GetSection("Outbox")).ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<InboxOptions>().Bind(configuration.GetSection("Inbox")).ValidateDataAnnotations().ValidateOnStart();
        services.AddMetrics();
        services.AddSingleton<OutboxSignal>();
        services.AddSingleton<OutboxMetrics>();
        services.AddHostedService<OutboxRelay>();
        services.AddHostedService<OutboxClock>();
        services.AddSingleton<OutboxUpkeep>();
        services.AddHostedService(provider => provider.GetRequiredService<OutboxUpkeep>());
        services.AddHostedService<OutboxAnnouncer>();
        services.AddHostedService<OutboxListener>();
        services.AddHostedService<InboxPruning>();
    }

    private static void AddOperating(IServiceCollection services)
    {
        services.AddSingleton<ParkedMessageQueries>();
        services.AddSingleton<ParkedMessageOperations>();
        services.AddSingleton<ParkedMessageEditing>();
    }

    private static void AddWalRelay(IServiceCollection services, IConfiguration configuration, string connectionString)
    {
        services.AddSingleton(new WalConnectionString(connectionString));
        services.AddSingleton<WalSlot>();
        services.AddSingleton<WalGap>();
        services.AddSingleton<TableStorage>();
        services.AddHostedService<WalSlotAtStart>();
        if (configuration.GetValue<OutboxRelayKind>("Outbox:Relay") is not OutboxRelayKind.Wal)
        {
            services.AddSingleton<IOutboxStorage>(provider => provider.GetRequiredService<TableStorage>());
            return;
        }

        services.AddSingleton<IOutboxStorage, WalStorage>();
        services.AddSingleton<WalPublisher>();
        services.AddSingleton<WalLag>();
        services.AddSingleton(provider => new RelayFailures(
            provider.GetRequiredService<IOptions<OutboxOptions>>().Value,
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILogger<WalRelay>>()));
        services.AddHostedService<WalRelay>();
        services.AddHostedService<WalLagMonitor>();
    }
}
