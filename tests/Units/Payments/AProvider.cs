using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;
using Payments.CallingTheProvider;

namespace Units.Payments;

/// <summary>The pipelines in front of a provider, without the rest of the service.</summary>
internal static class AProvider
{
    public static ProviderPipelines Pipelines(
        ProviderOptions options, TimeProvider time, PaymentSignal? signal = null, IMeterFactory? meters = null, ILogger<ProviderCircuit>? logger = null) => new(
            Options.Create(options),
            signal ?? new PaymentSignal(),
            new ProviderMetrics(meters ?? new ServiceCollection().AddMetrics().BuildServiceProvider().GetRequiredService<IMeterFactory>()),
            time,
            logger ?? NullLogger<ProviderCircuit>.Instance);
}
