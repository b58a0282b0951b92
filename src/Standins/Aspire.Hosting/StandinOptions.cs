namespace Standins.Aspire.Hosting;

/// <summary>
/// What the stand-in lets one set beyond Aspire, by configuration: <c>--KeepData=true</c>, the environment variable
/// <c>KeepData</c>, or appsettings.json of the app host.
/// </summary>
internal sealed class StandinOptions
{
    /// <summary>Keeps the data directory of the run instead of removing it at the end. Default false.</summary>
    public bool KeepData { get; set; }

    /// <summary>Starts a service again when it exits unasked after it was up. Default true.</summary>
    public bool RestartCrashed { get; set; } = true;

    /// <summary>How long a resource waits for each thing it depends on, and for its own health. Default 60 s.</summary>
    public TimeSpan WaitTimeout { get; set; } = TimeSpan.FromSeconds(60);

    /// <summary>How long a process may take to stop after it was asked to, before it is killed. Default 10 s.</summary>
    public TimeSpan StopTimeout { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>The directory with PostgreSQL's server programs. Default: looked for in the usual places.</summary>
    public string? PostgresBin { get; set; }

    /// <summary>The path of nats-server. Default: looked for in the usual places.</summary>
    public string? NatsServer { get; set; }

    /// <summary>How often nats-server writes to the disk, such as <c>30s</c>, or <c>always</c> (2.10 and newer): before each acknowledgement. Default: the server's, 2 min.</summary>
    public string? NatsSyncInterval { get; set; }

    /// <summary>An Apache Kafka distribution to run (jars in <c>libs/</c>, Java 17 or newer). Default: the embedded cluster.</summary>
    [ConfigurationKeyName("KAFKA_HOME")]
    public string? KafkaHome { get; set; }
}
