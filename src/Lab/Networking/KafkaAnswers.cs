using System.Buffers.Binary;
using System.Text;

namespace Lab.Networking;

/// <summary>A broker that an answer names.</summary>
/// <param name="Host">Its host.</param>
/// <param name="Port">Its port.</param>
/// <param name="At">Where the four bytes of the port are, counted from behind the correlation id.</param>
internal readonly record struct NamedBroker(string Host, int Port, int At);

/// <summary>Finds the brokers in answers of Kafka's protocol, in all versions that clients use: the classic and the flexible ones.</summary>
internal static class KafkaAnswers
{
    private const short Metadata = 3;
    private const short FindCoordinator = 10;

    private const short FirstMetadataWithThrottle = 3;
    private const short FirstMetadataWithRack = 1;
    private const short FirstFlexibleMetadata = 9;
    private const short FirstCoordinatorWithThrottle = 1;
    private const short FirstFlexibleCoordinator = 3;
    private const short FirstCoordinatorWithMany = 4;

    /// <summary>Whether the answers to a request name brokers.</summary>
    public static bool NamesBrokers(short api) => api is Metadata or FindCoordinator;

    /// <summary>The brokers an answer names; none when it cannot be read.</summary>
    /// <param name="answer">The frame behind its correlation id.</param>
    /// <param name="api">What was asked.</param>
    /// <param name="version">In which version.</param>
    public static IReadOnlyList<NamedBroker> FindBrokers(ReadOnlySpan<byte> answer, short api, short version)
    {
        var brokers = new List<NamedBroker>();
        var reader = new Reader(answer, api == Metadata ? version >= FirstFlexibleMetadata : version >= FirstFlexibleCoordinator);
        reader.SkipTags(); // of the head
        if (api == Metadata) ReadMetadata(ref reader, version, brokers);
        else ReadCoordinators(ref reader, version, brokers);
        return reader.HasFailed ? [] : brokers;
    }

    private static void ReadMetadata(ref Reader reader, short version, List<NamedBroker> brokers)
    {
        if (version >= FirstMetadataWithThrottle) reader.Int32();
        var count = reader.Count();
        for (var i = 0; i < count && !reader.HasFailed; i++)
        {
            reader.Int32(); // node id
            brokers.Add(reader.Broker());
            if (version >= FirstMetadataWithRack) reader.Text();
            reader.SkipTags();
        }
    }

    private static void ReadCoordinators(ref Reader reader, short version, List<NamedBroker> brokers)
    {
        if (version >= FirstCoordinatorWithThrottle) reader.Int32();
        var count = version >= FirstCoordinatorWithMany ? reader.Count() : 1;
        for (var i = 0; i < count && !reader.HasFailed; i++)
        {
            if (version >= FirstCoordinatorWithMany)
            {
                reader.Text(); // the group
            }
            else
            {
                reader.Int16(); // error
                if (version >= FirstCoordinatorWithThrottle) reader.Text();
            }

            reader.Int32(); // node id
            var broker = reader.Broker();
            if (broker.Port > 0) brokers.Add(broker); // none where there is no coordinator yet
            if (version < FirstCoordinatorWithMany) continue;
            reader.Int16();
            reader.Text();
            reader.SkipTags();
        }
    }

    /// <summary>Reads the protocol's primitives; once something is not there, everything is nothing and it has failed.</summary>
    private ref struct Reader(ReadOnlySpan<byte> bytes, bool isFlexible)
    {
        private const int MostTags = 64;

        private readonly ReadOnlySpan<byte> _bytes = bytes;
        private int _at;

        public bool HasFailed { get; private set; }

        public short Int16() => Take(2) is { Length: 2 } bytes ? BinaryPrimitives.ReadInt16BigEndian(bytes) : (short)0;

        public int Int32() => Take(4) is { Length: 4 } bytes ? BinaryPrimitives.ReadInt32BigEndian(bytes) : 0;

        /// <summary>How many elements an array has; a missing one has none.</summary>
        public int Count() => isFlexible ? Math.Max(0, Varint() - 1) : Math.Max(0, Int32());

        /// <summary>A text; a missing one is empty.</summary>
        public string Text() => Encoding.UTF8.GetString(Take(Math.Max(0, isFlexible ? Varint() - 1 : Int16())));

        public NamedBroker Broker()
        {
            var host = Text();
            var at = _at;
            return new NamedBroker(host, Int32(), at);
        }

        /// <summary>What newer versions may add anywhere, where the version has that.</summary>
        public void SkipTags()
        {
            if (!isFlexible) return;
            var count = Varint();
            if (count > MostTags) HasFailed = true;
            for (var i = 0; i < count && !HasFailed; i++)
            {
                Varint();
                Take(Varint());
            }
        }

        private int Varint()
        {
            var value = 0;
            for (var shift = 0; shift < 32; shift += 7)
            {
                if (Take(1) is not { Length: 1 } one) return 0;
                value |= (one[0] & 0x7f) << shift;
                if (one[0] < 0x80) return value;
            }

            HasFailed = true;
            return 0;
        }

        private ReadOnlySpan<byte> Take(int length)
        {
            if (HasFailed || length < 0 || length > _bytes.Length - _at)
            {
                HasFailed = true;
                return default;
            }

            var taken = _bytes.Slice(_at, length);
            _at += length;
            return taken;
        }
    }
}
