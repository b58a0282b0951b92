using Microsoft.Extensions.Configuration;

namespace Lab.Running;

/// <summary>Tells which Kafka it is by what the app host was given; the protocol itself does not say.</summary>
internal static class KafkaBroker
{
    private const string Client = "kafka-clients-";

    /// <summary>
    /// A cluster that was named is used as it is, else the distribution at <c>KAFKA_HOME</c> runs, else the embedded one.
    /// </summary>
    public static BrokerDescription Describe(IConfiguration configuration)
    {
        if ((configuration.GetConnectionString("kafka") ?? configuration["KAFKA_BOOTSTRAP_SERVERS"]) is { Length: > 0 } servers)
        {
            return new BrokerDescription($"Apache Kafka at {servers}", Version: null, IsEmbedded: false);
        }

        return configuration["KAFKA_HOME"] is { Length: > 0 } home
            ? new BrokerDescription("Apache Kafka", VersionOf(home), IsEmbedded: false)
            : new BrokerDescription("Kafka", Version: null, IsEmbedded: true);
    }

    // A distribution names its version in its jars.
    private static string? VersionOf(string home)
    {
        var libraries = Path.Combine(home, "libs");
        return Directory.Exists(libraries)
            ? Directory.EnumerateFiles(libraries, $"{Client}*.jar").Select(jar => Path.GetFileNameWithoutExtension(jar)[Client.Length..]).FirstOrDefault()
            : null;
    }
}
