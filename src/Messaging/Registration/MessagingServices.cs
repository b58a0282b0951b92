using MassTransit;
using Messaging.Antipatterns;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>Registers messaging with a host.</summary>
public static class MessagingServices
{
    /// <summary>
    /// Adds the outbox, the receivers and the transport that the configuration value <c>Transport</c> names.
    /// </summary>
    /// <param name="services">The host's services.</param>
    /// <param name="configuration">The host's configuration.</param>
    /// <param name="serviceName">The service's name, such as <c>orders</c>.</param>
    /// <param name="configure">Says which messages, transports, store and receivers there are.</param>
    /// <exception cref="InvalidOperationException">At start: <c>Transport</c> names none of the transports offered.</exception>
    public static IServiceCollection AddMessaging(
        this IServiceCollection services, IConfiguration configuration, string serviceName, Action<MessagingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new MessagingBuilder(services, configuration, serviceName);
        configure(builder);

        services.AddSingleton(new MessageCatalog(builder.Definitions));
        services.AddSingleton(new MessageSource("/" + serviceName));
        services.AddScoped<Outbox>();
        services.AddScoped(CreateOutboxWriter);
        services.AddScoped<CurrentMessage>();
        services.AddSingleton(provider => ChooseTransport(builder, provider));
        services.AddSingleton<FailureClassification>();
        services.AddSingleton<ReceiveMetrics>();
        services.AddMetrics();
        services.TryAddSingleton(TimeProvider.System);
        services.AddHostedService(provider => ActivatorUtilities.CreateInstance<TopicsService>(
            provider, (IReadOnlyList<string>)[.. builder.Receivers.SelectMany(receiver => receiver.Topics).Distinct().Select(DeadLetters.TopicOf)]));
        AddMassTransit(services, builder);
        services.AddSingleton(provider => new ReceivePipelines(builder.Receivers, provider));
        foreach (var receiver in builder.Receivers)
        {
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<ReceiveService>(provider, receiver));
        }

        foreach (var answer in builder.Answers)
        {
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<AnswerService>(provider, answer));
        }

        services.AddSingleton<RequestClient>();
        services.AddSingleton<LagMonitor>();
        services.AddHostedService(provider => provider.GetRequiredService<LagMonitor>());
        services.AddHealthChecks().AddCheck<LagMonitor>("broker");
        return services.AddAntipattern(configuration, Antipattern.OfMessaging);
    }

    /// <summary>Whoever sends needs the scope's unit of work, which says so at the scope's end when nobody committed.</summary>
    private static OutboxWriter CreateOutboxWriter(IServiceProvider provider)
    {
        _ = provider.GetService<IUnitOfWork>();
        return ActivatorUtilities.CreateInstance<OutboxWriter>(provider);
    }

    private static ITransport ChooseTransport(MessagingBuilder builder, IServiceProvider provider)
    {
        var name = builder.Configuration["Transport"];
        if (name is not null && builder.Transports.TryGetValue(name, out var create))
            return create(provider);
        var offered = string.Join(", ", builder.Transports.Keys.Order(StringComparer.Ordinal));
        throw new InvalidOperationException(
            $"Configuration value 'Transport' is '{name}'; {builder.ServiceName} offers {offered}.");
    }

    /// <summary>MassTransit runs the handlers; its own bus is in memory and carries nothing, because every publish and send ends in the outbox.</summary>
    private static void AddMassTransit(IServiceCollection services, MessagingBuilder builder)
    {
        // MassTransit logs every failed attempt with its whole stack; the pipeline says once what came of it.
        services.AddLogging(logging => logging.AddFilter("MassTransit", LogLevel.Critical));
        // The receivers make their endpoints right after the bus has started, not while it starts.
        services.Configure<MassTransitHostOptions>(options => options.WaitUntilStarted = true);
        services.AddMassTransit(configurator =>
        {
            if (builder.SagaRepositories is { } repositories)
                configurator.SetSagaRepositoryProvider(repositories);
            foreach (var handler in builder.Receivers.SelectMany(receiver => receiver.Handlers))
                handler.Register(configurator);
            configurator.UsingInMemory((context, bus) =>
            {
                bus.UsePublishFilter(typeof(CapturePublish<>), context);
                bus.UseSendFilter(typeof(CaptureSend<>), context);
                // Without AnyMessageType: else a saga would take each message for every one of its events.
                bus.UseRawJsonDeserializer(RawSerializerOptions.AddTransportHeaders | RawSerializerOptions.CopyHeaders, isDefault: true);
                bus.ConfigureJsonSerializerOptions(MessageJson.Apply);
                bus.UseFilter(new OutboxSchedulerFilter());
            });
        });
    }
}
