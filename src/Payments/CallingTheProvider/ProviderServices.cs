using Messaging.Postgres;
using Microsoft.Extensions.Options;

namespace Payments.CallingTheProvider;

/// <summary>Registers the calls to the payment provider.</summary>
internal static class ProviderServices
{
    /// <summary>Adds the worker that calls the provider for due payments. Options come from the section <c>Provider</c>.</summary>
    public static IServiceCollection AddProviderCalls(this IServiceCollection services)
    {
        services.AddOptions<ProviderOptions>()
            .BindConfiguration("Provider")
            .ValidateDataAnnotations()
            .Validate(options => options.Lease > options.CallTimeout, "Provider:Lease must be longer than Provider:CallTimeout.")
            .Validate(options => options.CallTimeout >= options.AttemptTimeout, "Provider:CallTimeout must not be shorter than Provider:AttemptTimeout.")
            .ValidateOnStart();
        services.AddHttpClient<ProviderClient>((provider, http) =>
        {
            http.BaseAddress = provider.GetRequiredService<IOptions<ProviderOptions>>().Value.Address;
            http.Timeout = Timeout.InfiniteTimeSpan; // The pipeline bounds each attempt.
        });
        services.AddSingleton<ProviderMetrics>();
        services.AddSingleton<ProviderPipelines>();
        services.AddScoped<PaymentClaims>();
        services.AddScoped<ProviderCall>();
        services.AddSingleton<PaymentSignal>();
        services.AddSingleton<IAfterCommit, SignalAfterCommit>();
        services.AddHealthChecks().AddCheck<ProviderHealthCheck>("provider");
        return services.AddHostedService<PaymentWorker>();
    }
}
