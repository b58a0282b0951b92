using Messaging;
using Messaging.Antipatterns;
using Messaging.Postgres;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orders;
using Orders.Antipatterns;
using Orders.FulfillingAnOrder;
using Payments.Antipatterns;
using Payments.CallingTheProvider;

namespace Units.Antipatterns;

/// <summary>How the configuration value <c>Antipattern</c> is read.</summary>
public sealed class AntipatternTests
{
    public static TheoryData<string> Names => [.. Antipattern.Names];

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    public void Without_a_name_nothing_of_it_is_registered(string? name) => OfAntipatterns(Register(name)).ShouldBeEmpty();

    [Theory]
    [MemberData(nameof(Names))]
    public async Task Each_name_registers_something_and_warns_once_at_start(string name)
    {
        var services = Register(name);
        var warnings = new Warnings();
        services.AddLogging(logging => logging.ClearProviders().AddProvider(warnings));

        OfAntipatterns(services).ShouldNotBeEmpty();
        await using var provider = services.BuildServiceProvider();
        foreach (var service in provider.GetServices<IHostedService>().Where(service => service.GetType().Name == "AntipatternWarning"))
            await service.StartAsync(TestContext.Current.CancellationToken);
        warnings.Lines.ShouldHaveSingleItem().ShouldMatch($"^The anti-pattern {name} is on, this service is broken on purpose: .+ See docs/antipatterns/{name}.md$");
    }

    [Theory]
    [InlineData("dual-right")]
    [InlineData("Dual-Write")]
    public void An_unknown_name_is_refused(string name) => Should.Throw<InvalidOperationException>(() => Register(name)).Message
        .ShouldBe($"Configuration value 'Antipattern' is '{name}'; there are {string.Join(", ", Antipattern.Names)}.");

    /// <summary>What a service with everything in it registers.</summary>
    private static ServiceCollection Register(string? name)
    {
        var configuration = new ConfigurationManager();
        configuration.AddInMemoryCollection([
            new("Transport", "in-memory"), new("ConnectionStrings:orders-db", "Host=nowhere"), new(Antipattern.Key, name)]);
        var services = new ServiceCollection();
        services.AddSingleton<IConfiguration>(configuration);
        services.AddSingleton<InMemoryBroker>();
        services.AddMessaging(configuration, "orders", messaging => messaging
            .UseInMemory().UsePostgres<OrdersDbContext>("orders-db")
            .Receive("orders.fulfilment", [], receiver => receiver.Saga<OrderStateMachine, Fulfilment>()));
        services.AddProviderCalls();
        services.AddAntipattern(configuration, NoCompensation.Antipattern, NoIdempotencyKey.Antipattern);
        return services;
    }

    /// <summary>The types, and the methods that make objects, which belong to an anti-pattern.</summary>
    private static IEnumerable<string?> OfAntipatterns(IServiceCollection services) => services
        .Select(service => service.IsKeyedService ? null : service.ImplementationType?.FullName ?? service.ImplementationFactory?.Method.DeclaringType?.FullName)
        .Where(name => name?.Contains("Antipatterns", StringComparison.Ordinal) ?? false);

    private sealed class Warnings : ILoggerProvider, ILogger
    {
        public List<string> Lines { get; } = [];

        public ILogger CreateLogger(string categoryName) => this;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (logLevel == LogLevel.Warning)
                Lines.Add(formatter(state, exception));
        }

        public bool IsEnabled(LogLevel logLevel) => true;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public void Dispose()
        {
        }
    }
}
