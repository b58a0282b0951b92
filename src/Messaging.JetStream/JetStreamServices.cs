using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.JetStream;

/// <summary>Offers NATS JetStream as a transport.</summary>
public static class JetStreamServices
{
    /// <summary>
    /// Offers the transport <c>jetstream</c>. Its server is the connection string <paramref name="connectionName"/>,
    /// <c>nats://user:password@host:port</c>; its settings the section <see cref="JetStreamTransportOptions.Section"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">When the transport is created: there is no such connection string.</exception>
    public static MessagingBuilder UseJetStream(this MessagingBuilder builder, string connectionName = "nats")
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<JetStreamTransportOptions>()
            .Bind(builder.Configuration.GetSection(JetStreamTransportOptions.Section))
            .Validate(
                options => options is { Replicas: >= 1 and <= 5, PublishWindow: >= 1 },
                $"{JetStreamTransportOptions.Section}: Replicas is 1 to 5, PublishWindow at least 1.")
            .Validate(
                options => options.DuplicateWindow > TimeSpan.Zero && options.PublishTimeout > TimeSpan.Zero && options.RequestTimeout > TimeSpan.Zero
                    && options.AckWait > TimeSpan.Zero && options.StopTimeout >= TimeSpan.Zero
                    && (options.MaxAge == TimeSpan.Zero || options.MaxAge >= options.DuplicateWindow),
                $"{JetStreamTransportOptions.Section}: every time is positive, and MaxAge zero or at least DuplicateWindow.")
            .Validate(
                options => options.LeaseDuration >= TimeSpan.FromSeconds(1) && options.LeaseDuration <= TimeSpan.FromMinutes(10),
                $"{JetStreamTransportOptions.Section}: LeaseDuration is 1 s to 10 min.")
            .Validate(
                options => options.InstanceId is not { } name || (name.Length > 0 && name.All(c => char.IsAsciiLetterOrDigit(c) || c is '-' or '_')),
                $"{JetStreamTransportOptions.Section}: InstanceId has letters, digits, hyphens and underscores.")
            .Validate(
                options => (options.TlsCertFile is null) == (options.TlsKeyFile is null),
                $"{JetStreamTransportOptions.Section}: TlsCertFile and TlsKeyFile go together.")
            .ValidateOnStart();
        var server = builder.Configuration.GetConnectionString(connectionName);
        return builder.AddTransport("jetstream", services => new JetStreamTransport(
            !string.IsNullOrWhiteSpace(server) ? server : throw new InvalidOperationException(
                $"The transport jetstream needs the connection string '{connectionName}' (ConnectionStrings:{connectionName}): nats://user:password@host:port."),
            services.GetRequiredService<IOptions<JetStreamTransportOptions>>().Value,
            services.GetRequiredService<ILoggerFactory>(),
            services.GetRequiredService<TimeProvider>()));
    }
}
