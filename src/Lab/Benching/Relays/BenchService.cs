using Messaging;
using Messaging.Postgres;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Lab.Benching.Relays;

/// <summary>One instance of a service, as its Program.cs would make it: it writes, relays or receives, as its settings say.</summary>
internal sealed class BenchService : IAsyncDisposable
{
    private readonly IHost _host;

    private BenchService(IHost host) => _host = host;

    /// <summary>Starts one.</summary>
    /// <param name="database">Where its data and its outbox are.</param>
    /// <param name="settings">Its configuration, <c>Transport</c> and <c>Outbox:…</c> among it.</param>
    /// <param name="configure">Adds transport, messages and receivers.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<BenchService> StartAsync(
        BenchDatabase database, IReadOnlyDictionary<string, string> settings, Action<MessagingBuilder> configure, CancellationToken cancellationToken)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Configuration["ConnectionStrings:bench-db"] = database.ConnectionString;
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddMessaging(
            builder.Configuration, "bench", messaging => configure(messaging.UsePostgres<BookingDb>("bench-db")));
        var service = new BenchService(builder.Build());
        try
        {
            await service._host.StartAsync(cancellationToken);
            return service;
        }
        catch
        {
            await service.DisposeAsync();
            throw;
        }
    }

    /// <summary>One business transaction, as an HTTP endpoint makes it.</summary>
    /// <param name="work">Writes to the DbContext and the outbox of the transaction's scope.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task CommitAsync(Action<IServiceProvider> work, CancellationToken cancellationToken)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        work(scope.ServiceProvider);
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        if (_host is IAsyncDisposable disposable) await disposable.DisposeAsync();
    }
}
