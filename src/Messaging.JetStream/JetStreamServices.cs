using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.JetStream;

/// <summary>Offers NATS JetStream as a transport.</summary>
public static partial class JetStreamServices
{
    // Renewed four times as often: below this a busy process would lose its partitions again and again.
    private static readonly TimeSpan ShortestLease = TimeSpan.FromMilliseconds(500);

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
                    && options.AckWait > TimeSpan.Zero && options.StopTimeout >= TimeSpan.Zero && options.LeaseDuration >= ShortestLease
                    && (options.MaxAge == TimeSpan.Zero || options.MaxAge >= options.DuplicateWindow),
                $"{JetStreamTransportOptions.Section}: every time is positive, MaxAge zero or at least DuplicateWindow, LeaseDuration at least {ShortestLease}.")
            .Validate(
                options => options.InstanceId is null || InstanceName().IsMatch(options.InstanceId),
                $"{JetStreamTransportOptions.Section}: InstanceId is of letters, digits, hyphens and underscores.")
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

    [GeneratedRegex("^[A-Za-z0-9_-]+$", RegexOptions.NonBacktracking)]
    private static partial Regex InstanceName();
}
