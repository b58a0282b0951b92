using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;

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
    public static IServiceCollection AddMessaging(
        this IServiceCollection services, IConfiguration configuration, string serviceName, Action<MessagingBuilder> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        var builder = new MessagingBuilder(services, configuration, serviceName);
        configure(builder);
        services.AddSingleton(new MessageCatalog(builder.Definitions));
        services.AddScoped<Outbox>();
        services.TryAddSingleton(TimeProvider.System);
        return services;
    }
}
