using System.Runtime.InteropServices;
using Messaging.Kafka;

namespace Compliance;

/// <summary>
/// librdkafka's mock cluster, one broker, of a test's own: it can be taken away, and told to refuse. What it holds lives as long
/// as this object, also while it is away. Thread-safe.
/// </summary>
internal sealed partial class EmbeddedKafka : IDisposable
{
    public const short Produce = 0;
    public const short Metadata = 3;

    private readonly nint _client;
    private readonly nint _cluster;

    static EmbeddedKafka()
    {
        Librdkafka.Locate();
        NativeLibrary.SetDllImportResolver(typeof(EmbeddedKafka).Assembly, Librdkafka.Resolve);
    }

    public EmbeddedKafka()
    {
        var error = new byte[512];
        var quiet = rd_kafka_conf_new();
        rd_kafka_conf_set(quiet, "log_level", "0", error, (nuint)error.Length);
        _client = rd_kafka_new(0, quiet, error, (nuint)error.Length);
        if (_client == 0)
            throw new InvalidOperationException(System.Text.Encoding.UTF8.GetString(error).TrimEnd('\0'));
        _cluster = rd_kafka_mock_cluster_new(_client, 1);
        Servers = Marshal.PtrToStringUTF8(rd_kafka_mock_cluster_bootstraps(_cluster))!;
    }

    public string Servers { get; }

    /// <summary>Connections break and none is accepted any more.</summary>
    public void Stop() => Check(rd_kafka_mock_broker_set_down(_cluster, 1));

    public void Start() => Check(rd_kafka_mock_broker_set_up(_cluster, 1));

    public void CreateTopic(string name, int partitions) => Check(rd_kafka_mock_topic_create(_cluster, name, partitions, 1));

    /// <summary>The next requests of a kind are refused, one error code each.</summary>
    public void Refuse(short requestKind, params short[] errors) =>
        rd_kafka_mock_push_request_errors_array(_cluster, requestKind, (nuint)errors.Length, [.. errors.Select(error => (int)error)]);

    /// <summary>Metadata tells this error for a topic.</summary>
    public void Refuse(string topic, short error) => rd_kafka_mock_topic_set_error(_cluster, topic, error);

    /// <summary>Every answer comes so much later.</summary>
    public void Delay(TimeSpan roundTrip) => Check(rd_kafka_mock_broker_set_rtt(_cluster, 1, (int)roundTrip.TotalMilliseconds));

    public void Dispose()
    {
        rd_kafka_mock_cluster_destroy(_cluster);
        rd_kafka_destroy(_client);
    }

    private static void Check(int error)
    {
        if (error != 0)
            throw new InvalidOperationException($"librdkafka's mock cluster answered {error}.");
    }

    [LibraryImport("librdkafka")]
    private static partial nint rd_kafka_conf_new();

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rd_kafka_conf_set(nint conf, string name, string value, byte[] error, nuint size);

    [LibraryImport("librdkafka")]
    private static partial nint rd_kafka_new(int type, nint conf, byte[] error, nuint size);

    [LibraryImport("librdkafka")]
    private static partial void rd_kafka_destroy(nint client);

    [LibraryImport("librdkafka")]
    private static partial nint rd_kafka_mock_cluster_new(nint client, int brokers);

    [LibraryImport("librdkafka")]
    private static partial void rd_kafka_mock_cluster_destroy(nint cluster);

    [LibraryImport("librdkafka")]
    private static partial nint rd_kafka_mock_cluster_bootstraps(nint cluster);

    [LibraryImport("librdkafka")]
    private static partial int rd_kafka_mock_broker_set_down(nint cluster, int broker);

    [LibraryImport("librdkafka")]
    private static partial int rd_kafka_mock_broker_set_up(nint cluster, int broker);

    [LibraryImport("librdkafka")]
    private static partial int rd_kafka_mock_broker_set_rtt(nint cluster, int broker, int milliseconds);

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int rd_kafka_mock_topic_create(nint cluster, string topic, int partitions, int replicas);

    [LibraryImport("librdkafka", StringMarshalling = StringMarshalling.Utf8)]
    private static partial void rd_kafka_mock_topic_set_error(nint cluster, string topic, int error);

    [LibraryImport("librdkafka")]
    private static partial void rd_kafka_mock_push_request_errors_array(nint cluster, short requestKind, nuint count, int[] errors);
}
