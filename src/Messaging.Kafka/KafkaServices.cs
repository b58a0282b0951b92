using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Messaging.Kafka;

/// <summary>Offers Kafka as a transport.</summary>
public static class KafkaServices
{
    /// <summary>
    /// Offers the transport <c>kafka</c>. Its brokers are the connection string <paramref name="connectionName"/>, a list
    /// <c>host:port,host:port</c>; its settings the section <see cref="KafkaTransportOptions.Section"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">When the transport is created: there is no such connection string.</exception>
    public static MessagingBuilder UseKafka(this MessagingBuilder builder, string connectionName = "kafka")
    {
        ArgumentNullException.ThrowIfNull(builder);
        builder.Services.AddOptions<KafkaTransportOptions>()
            .Bind(builder.Configuration.GetSection(KafkaTransportOptions.Section))
            .Validate(
                options => options is { ReplicationFactor: -1 or > 0, LargestMessageBytes: >= 1_000 },
                $"{KafkaTransportOptions.Section}: ReplicationFactor is -1 or at least 1, LargestMessageBytes at least 1,000.")
            .Validate(
                options => options.PublishTimeout > TimeSpan.Zero && options.RequestTimeout > TimeSpan.Zero
                    && options.CommitInterval > TimeSpan.Zero && options.SessionTimeout > TimeSpan.Zero
                    && options.Linger >= TimeSpan.Zero && options.Linger < options.PublishTimeout && options.StopTimeout >= TimeSpan.Zero,
                $"{KafkaTransportOptions.Section}: every time is positive, and Linger below PublishTimeout.")
            .ValidateOnStart();
        var servers = builder.Configuration.GetConnectionString(connectionName);
        return builder.AddTransport("kafka", services => new KafkaTransport(
            !string.IsNullOrWhiteSpace(servers) ? servers : throw new InvalidOperationException(
                $"The transport kafka needs the connection string '{connectionName}' (ConnectionStrings:{connectionName}): the brokers as host:port,host:port."),
            services.GetRequiredService<IOptions<KafkaTransportOptions>>().Value,
            services.GetRequiredService<ILoggerFactory>(),
            services.GetRequiredService<TimeProvider>()));
    }
}
