using Microsoft.Extensions.DependencyInjection;

namespace ServiceDefaults.Discovery;

/// <summary>Lets every <see cref="HttpClient"/> of the factory call services by name.</summary>
internal static class ServiceDiscoveryExtensions
{
    public static void AddServiceDiscovery(this IServiceCollection services)
    {
        services.AddSingleton<ServiceEndpoints>();
        services.AddTransient<ServiceDiscoveryHandler>();
        services.ConfigureHttpClientDefaults(http => http.AddHttpMessageHandler<ServiceDiscoveryHandler>());
    }
}
