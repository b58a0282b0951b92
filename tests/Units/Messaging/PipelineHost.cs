using System.Text.Json;
using MassTransit;
using MassTransit.Configuration;
using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Units.Messaging;

public sealed record Ping(string Key, int Number);

public sealed record Pong(string Key, int Number);

public sealed record Unwanted(string Key);

/// <summary>What the handlers of a test saw and how they are to behave.</summary>
public sealed class Script
{
    private readonly Lock _lock = new();
    private readonly List<Ping> _handled = [];

    public Func<ConsumeContext<Ping>, Task> OnPing { get; set; } = _ => Task.CompletedTask;

    public IReadOnlyList<Ping> Handled
    {
        get
        {
            lock (_lock)
                return [.. _handled];
        }
    }

    public void Record(Ping ping)
    {
        lock (_lock)
            _handled.Add(ping);
    }
}

public sealed class PingConsumer(Script script) : IConsumer<Ping>
{
    public async Task Consume(ConsumeContext<Ping> context)
    {
        script.Record(context.Message);
        await script.OnPing(context);
    }
}

public sealed class UnwantedConsumer : IConsumer<Unwanted>
{
    public Task Consume(ConsumeContext<Unwanted> context) => context.Publish(new Pong(context.Message.Key, 0));
}

/// <summary>A host with the real pipeline and MassTransit binding over the in-memory transport.</summary>
public sealed class PipelineHost : IAsyncDisposable
{
    public static readonly MessageDefinition[] Definitions =
    [
        new("tests.ping.v1", "pings", typeof(Ping), message => ((Ping)message).Key),
        new("tests.pong.v1", "pongs", typeof(Pong), message => ((Pong)message).Key),
        new("tests.unwanted.v1", "pings", typeof(Unwanted), message => ((Unwanted)message).Key),
    ];

    private readonly IHost _host;

    private PipelineHost(IHost host) => _host = host;

    public InMemoryBroker Broker => _host.Services.GetRequiredService<InMemoryBroker>();

    public MemoryDatabase Database => _host.Services.GetRequiredService<MemoryDatabase>();

    public Script Script => _host.Services.GetRequiredService<Script>();

    public IServiceProvider Services => _host.Services;

    public static async Task<PipelineHost> StartAsync(
        Action<ReceiverBuilder>? receiver = null, Action<IServiceCollection>? services = null, IEnumerable<MessageDefinition>? definitions = null,
        ISagaRepositoryRegistrationProvider? sagas = null)
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Transport"] = "in-memory" });
        builder.Logging.SetMinimumLevel(LogLevel.Warning);
        builder.Services.AddSingleton<InMemoryBroker>();
        builder.Services.AddSingleton<MemoryDatabase>();
        builder.Services.AddSingleton<Script>();
        builder.Services.AddScoped<MemoryStore>();
        builder.Services.AddScoped<IReceiveStore>(provider => provider.GetRequiredService<MemoryStore>());
        builder.Services.AddScoped<IUnitOfWork>(provider => provider.GetRequiredService<MemoryStore>());
        services?.Invoke(builder.Services);
        builder.Services.AddMessaging(builder.Configuration, "tests", messaging =>
        {
            messaging.SagaRepositories = sagas;
            messaging.Messages(definitions ?? Definitions)
                .UseInMemory()
                .Receive("tests", ["pings"], receiver ?? (handlers =>
            {
                handlers.Options.Retry = RetryPolicy.Immediately(2, TimeSpan.FromMilliseconds(1));
                handlers.Consumer<PingConsumer>();
            }));
        });
        var host = builder.Build();
        await host.StartAsync(TestContext.Current.CancellationToken);
        return new PipelineHost(host);
    }

    /// <summary>Waits until the receiver has that many messages of <c>pings</c> in hand or behind it.</summary>
    public Task HasTakenAsync(int count) =>
        Eventually.HoldsAsync(() => Broker.InGroup("pings", "tests", group => group.Taken.Sum()) == count, $"{count} messages have been taken");

    public Task PublishAsync(params object[] messages) => InScopeAsync(writer =>
    {
        foreach (var message in messages)
            writer.Add(message);
    });

    public async Task InScopeAsync(Action<OutboxWriter> write)
    {
        await using var scope = _host.Services.CreateAsyncScope();
        write(scope.ServiceProvider.GetRequiredService<OutboxWriter>());
        await scope.ServiceProvider.GetRequiredService<IUnitOfWork>().CommitAsync(TestContext.Current.CancellationToken);
    }

    /// <summary>Everything on a topic, read as a group of its own.</summary>
    public async Task<IReadOnlyList<Message>> ReadAsync(string topic, int count)
    {
        var found = new List<Message>();
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        enough.CancelAfter(TimeSpan.FromSeconds(10));
        var transport = _host.Services.GetRequiredService<ITransport>();
        await transport.ConsumeAsync(new Subscription(topic, Guid.NewGuid().ToString()), (batch, _) =>
        {
            lock (found)
            {
                found.AddRange(batch.Deliveries.Select(delivery => IncomingMessage.From(delivery).Message!));
                if (found.Count >= count)
                    enough.Cancel();
            }

            return Task.CompletedTask;
        }, enough.Token);
        return found;
    }

    public static IReadOnlyList<KeyValuePair<string, string>> Attributes(string type, string key, string? id = null)
    {
        var attributes = new List<KeyValuePair<string, string>>();
        var message = new Message
        {
            Id = id ?? Message.NewId(), Type = type, Source = "/elsewhere", Time = DateTimeOffset.UtcNow, PartitionKey = key, Body = default,
        };
        CloudEvents.Write(message, attributes, static (list, name, value) => list.Add(new(name, value)));
        return attributes;
    }

    public static byte[] Json(object value) => JsonSerializer.SerializeToUtf8Bytes(value, MessageJson.Options);

    public async ValueTask DisposeAsync()
    {
        await _host.StopAsync(CancellationToken.None);
        _host.Dispose();
    }
}

public static class Eventually
{
    /// <summary>Waits until a condition holds; fails with what it waited for after ten seconds.</summary>
    public static Task HoldsAsync(Func<bool> condition, string what) => HoldsAsync(() => Task.FromResult(condition()), what);

    /// <inheritdoc cref="HoldsAsync(Func{bool}, string)"/>
    public static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(10));
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"Waited in vain until {what}.");
            await Task.Delay(5, TestContext.Current.CancellationToken);
        }
    }
}
