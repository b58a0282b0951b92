using Messaging;
using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Patterns;

/// <summary>One instance of a service with its relays; several may share a database.</summary>
public sealed class TestService : IAsyncDisposable
{
    private readonly IHost _host;

    private TestService(IHost host, CollectedLogs logs)
    {
        _host = host;
        Logs = logs;
    }

    public CollectedLogs Logs { get; }

    public IServiceProvider Services => _host.Services;

    /// <summary>A service that is set up but not started.</summary>
    public static TestService Prepare(
        string connectionString, ITransport transport, Action<MessagingBuilder>? configure = null, params (string Key, string Value)[] settings)
    {
        var logs = new CollectedLogs();
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["ConnectionStrings:patterns-db"] = connectionString;
        builder.Configuration["Transport"] = transport.Name;
        foreach (var (key, value) in settings)
            builder.Configuration[key] = value;
        builder.Logging.AddProvider(logs);
        builder.Services.AddMessaging(builder.Configuration, "patterns", messaging =>
        {
            messaging.UsePostgres<TestDb>("patterns-db").AddTransport(transport.Name, _ => transport);
            configure?.Invoke(messaging);
        });
        return new TestService(builder.Build(), logs);
    }

    public static async Task<TestService> StartAsync(
        TestDatabase database, ITransport transport, Action<MessagingBuilder>? configure = null, params (string Key, string Value)[] settings)
    {
        ArgumentNullException.ThrowIfNull(database);
        var service = Prepare(database.ConnectionString, transport, configure, settings);
        await service.StartAsync();
        return service;
    }

    public Task StartAsync() => _host.StartAsync(TestContext.Current.CancellationToken);

    public Task StopAsync() => _host.StopAsync(TestContext.Current.CancellationToken);

    public AsyncServiceScope CreateScope() => _host.Services.CreateAsyncScope();

    /// <summary>Does a piece of work in a scope of its own and commits it, as an HTTP endpoint does.</summary>
    public async Task DoAsync(Action<TestDb, Outbox> work)
    {
        ArgumentNullException.ThrowIfNull(work);
        await using var scope = CreateScope();
        work(scope.ServiceProvider.GetRequiredService<TestDb>(), scope.ServiceProvider.GetRequiredService<Outbox>());
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);
    }

    public Task SendAsync(params OutboxEntry[] entries) => DoAsync((_, outbox) =>
    {
        foreach (var entry in entries)
            outbox.Add(entry);
    });

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        if (_host is IAsyncDisposable disposable)
            await disposable.DisposeAsync();
    }
}
