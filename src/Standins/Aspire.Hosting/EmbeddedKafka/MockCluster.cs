namespace Standins.Aspire.Hosting.EmbeddedKafka;

/// <summary>librdkafka's mock cluster: brokers in memory that speak the real protocol on real ports of loopback.</summary>
internal static partial class MockCluster
{
    private const int Producer = 0;
    private const int NoError = 0;

    static MockCluster() => NativeLibrary.SetDllImportResolver(typeof(MockCluster).Assembly, Resolve);

    /// <summary>
    /// Starts the cluster. Its thread is made without signals: interrupted by one, as it is when the process is stopped and let go on, it
    /// would take that for an error and end (librdkafka 2.0). It ends with the process: its own end takes seconds while clients are connected.
    /// </summary>
    public static string Start(int brokers)
    {
        var configuration = NewConfiguration();
        var error = new byte[512];
        // The client only carries the cluster; it is to say nothing about having no broker of its own.
        if (Set(configuration, "log_level", "3", error, (nuint)error.Length) != NoError)
            throw new InvalidOperationException(Text(error));

        var client = NewClient(Producer, configuration, error, (nuint)error.Length);
        if (client == 0)
            throw new InvalidOperationException(Text(error));

        var cluster = SignalMask.WithoutSignals(() => NewCluster(client, brokers));
        return cluster == 0
            ? throw new InvalidOperationException("librdkafka cannot make a mock cluster.")
            : Marshal.PtrToStringUTF8(GetBootstraps(cluster))!;
    }

    private static string Text(byte[] error) => Encoding.UTF8.GetString(error).TrimEnd('\0');

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? path)
    {
        if (name != "librdkafka")
            return 0;

        // The name of the NuGet package's file, Debian's, Homebrew's.
        string[] names = ["librdkafka", "librdkafka.so.1", "librdkafka.1.dylib", "/opt/homebrew/lib/librdkafka.1.dylib"];
        foreach (var candidate in names)
        {
            if (NativeLibrary.TryLoad(candidate, assembly, path, out var library))
                return library;
        }

        return 0;
    }

    [LibraryImport("librdkafka", EntryPoint = "rd_kafka_conf_new")]
    private static partial nint NewConfiguration();

    [LibraryImport("librdkafka", EntryPoint = "rd_kafka_conf_set", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Set(nint configuration, string name, string value, byte[] error, nuint errorSize);

    [LibraryImport("librdkafka", EntryPoint = "rd_kafka_new")]
    private static partial nint NewClient(int type, nint configuration, byte[] error, nuint errorSize);

    [LibraryImport("librdkafka", EntryPoint = "rd_kafka_mock_cluster_new")]
    private static partial nint NewCluster(nint client, int brokers);

    [LibraryImport("librdkafka", EntryPoint = "rd_kafka_mock_cluster_bootstraps")]
    private static partial nint GetBootstraps(nint cluster);
}
