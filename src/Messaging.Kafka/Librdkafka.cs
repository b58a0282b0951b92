using System.Reflection;
using System.Runtime.InteropServices;
using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// Finds librdkafka: the one that the package librdkafka.redist put beside the application, else the system's. Debian and
/// others install only <c>librdkafka.so.1</c>, a name that Confluent.Kafka does not try.
/// </summary>
internal static class Librdkafka
{
    private const int FirstToLeaveInPeace = 0x02_03_00_00;

    private static readonly Lazy<bool> Resolver = new(Install);

    /// <summary>
    /// Whether a cooperative member may leave its group at any moment. Before 2.3 librdkafka ends the whole process when it leaves between
    /// its turn to join and its first share of the partitions.
    /// </summary>
    public static bool LeavesInPeace
    {
        get
        {
            Locate();
            return Library.Version >= FirstToLeaveInPeace;
        }
    }

    /// <summary>Must have run before the first use of Confluent.Kafka in the process. Thread-safe, repeatable.</summary>
    public static void Locate() => _ = Resolver.Value;

    private static bool Install()
    {
        try
        {
            NativeLibrary.SetDllImportResolver(typeof(Library).Assembly, Resolve);
            return true;
        }
        catch (InvalidOperationException)
        {
            // An assembly takes one resolver: the host of the process has set its own and knows better than a library does.
            return false;
        }
    }

    /// <summary>For another assembly that calls librdkafka itself: its resolver.</summary>
    internal static nint Resolve(string name, Assembly assembly, DllImportSearchPath? searchPath)
    {
        if (NativeLibrary.TryLoad(name, assembly, searchPath, out var handle))
            return handle;
        var versioned = name switch
        {
            "librdkafka" => "librdkafka.so.1",
            "libdl" => "libdl.so.2",
            _ => null,
        };
        return versioned is not null && NativeLibrary.TryLoad(versioned, assembly, searchPath, out handle) ? handle : 0;
    }
}
