using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;

namespace Messaging.Antipatterns;

/// <summary>
/// A way to break the system on purpose, so that everybody can see that <c>./dev prove</c> finds it. The configuration value
/// <c>Antipattern</c> chooses one by name; without it nothing of it is registered. What each is: docs/antipatterns.
/// </summary>
/// <param name="Name">One of <see cref="Names"/>; also the name of its page.</param>
/// <param name="Breaks">What goes wrong, for the log.</param>
/// <param name="Apply">Replaces or decorates what is registered already.</param>
public sealed record Antipattern(string Name, string Breaks, Action<IServiceCollection> Apply)
{
    /// <summary>The configuration value.</summary>
    public const string Key = "Antipattern";

    /// <summary>All of them, whichever service they live in.</summary>
    public static IReadOnlyList<string> Names { get; } =
    [
        "dual-write", "no-inbox", "ack-before-handle", "unordered-retry", "no-idempotency-key", "no-compensation",
        "inbox-in-another-transaction", "auto-commit-offsets", "relay-by-sequence-cursor",
    ];

    internal static IReadOnlyList<Antipattern> OfMessaging { get; } =
    [
        DualWrite.Antipattern, NoInbox.Antipattern, AckBeforeHandle.Antipattern, UnorderedRetry.Antipattern,
        InboxInAnotherTransaction.Antipattern, AutoCommitOffsets.Antipattern,
    ];
}

/// <summary>Registers anti-patterns.</summary>
public static class AntipatternServices
{
    /// <summary>Applies an anti-pattern, and warns of it at start, when the configuration names it. Call it after what it breaks is registered.</summary>
    /// <exception cref="InvalidOperationException">The configuration names one that does not exist.</exception>
    public static IServiceCollection AddAntipattern(this IServiceCollection services, IConfiguration configuration, params IReadOnlyList<Antipattern> antipatterns)
    {
        ArgumentNullException.ThrowIfNull(configuration);
        var name = configuration[Antipattern.Key];
        if (string.IsNullOrEmpty(name))
            return services;
        if (!Antipattern.Names.Contains(name, StringComparer.Ordinal))
            throw new InvalidOperationException($"Configuration value '{Antipattern.Key}' is '{name}'; there are {string.Join(", ", Antipattern.Names)}.");
        foreach (var antipattern in antipatterns.Where(antipattern => antipattern.Name == name))
        {
            antipattern.Apply(services);
            services.AddSingleton<IHostedService>(provider => ActivatorUtilities.CreateInstance<AntipatternWarning>(provider, antipattern));
        }

        return services;
    }

    /// <summary>Puts something around a service that a factory makes; <paramref name="around"/> gets that factory.</summary>
    internal static void Decorate<TService>(
        this IServiceCollection services, Func<Func<IServiceProvider, TService>, IServiceProvider, TService> around)
        where TService : class
    {
        var original = services.Last(service => service.ServiceType == typeof(TService));
        var factory = original.ImplementationFactory ?? throw new InvalidOperationException($"No factory makes {typeof(TService)}.");
        services.Replace(new ServiceDescriptor(
            typeof(TService), provider => around(scope => (TService)factory(scope), provider), original.Lifetime));
    }
}
