using System.Buffers.Binary;
using System.Text;
using Lab.Networking;

namespace Units.Lab.Networking;

/// <summary>Frames built by hand as Kafka's protocol guide describes them; brokers at port P are to be found at P + 1000.</summary>
public sealed class KafkaAddressesTests
{
    private const short Produce = 0;
    private const short Metadata = 3;
    private const short FindCoordinator = 10;

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(8)]
    [InlineData(9)]
    [InlineData(12)]
    public void Metadata_leads_to_the_link_however_it_is_cut(short version)
    {
        var (answer, wanted) = (MetadataAnswer(7, version, 9001, 9002, 9003), MetadataAnswer(7, version, 10001, 10002, 10003));

        foreach (var piece in Enumerable.Range(1, answer.Length))
        {
            var addresses = New();
            See(addresses, Request(Metadata, version, 7), piece);
            Rewrite(addresses, answer, piece).ShouldBe(wanted);
        }
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void A_coordinator_is_behind_the_link(short version)
    {
        var addresses = New();
        addresses.SeeRequests(Request(FindCoordinator, version, 3));

        Rewrite(addresses, CoordinatorAnswer(3, version, 9002), 1000).ShouldBe(CoordinatorAnswer(3, version, 10002));
    }

    [Fact]
    public void Other_answers_go_on_as_they_are_and_between_them_each_finds_its_own_question()
    {
        var addresses = New();
        byte[] other = Frame(BigEndian(5), [1, 2, 3, 4, 5, 6, 7, 8, 9]);
        addresses.SeeRequests([.. Request(Produce, 7, 5), .. Request(Metadata, 4, 6), .. Request(FindCoordinator, 2, 7), .. Request(Metadata, 9, 8)]);

        var passed = Rewrite(
            addresses, [.. other, .. MetadataAnswer(6, 4, 9001), .. CoordinatorAnswer(7, 2, 9001), .. other, .. MetadataAnswer(8, 9, 9002)], 7);

        passed.ShouldBe([.. other, .. MetadataAnswer(6, 4, 10001), .. CoordinatorAnswer(7, 2, 10001), .. other, .. MetadataAnswer(8, 9, 10002)]);
    }

    [Fact]
    public void A_broker_of_another_machine_keeps_its_address()
    {
        var addresses = New();
        addresses.SeeRequests(Request(Metadata, 1, 1));
        var answer = Frame(BigEndian(1), BigEndian(1), BigEndian(1), Text("kafka.example"), BigEndian(9092), [0xff, 0xff]);

        Rewrite(addresses, answer, 100).ShouldBe(answer);
    }

    [Fact]
    public void An_answer_without_a_coordinator_goes_on_as_it_is()
    {
        var addresses = New();
        addresses.SeeRequests(Request(FindCoordinator, 0, 1));
        var answer = Frame(BigEndian(1), [0, 15], BigEndian(-1), Text(""), BigEndian(-1));

        Rewrite(addresses, answer, 100).ShouldBe(answer);
    }

    [Fact]
    public void An_answer_that_cannot_be_read_goes_on_as_it_is()
    {
        var addresses = New();
        addresses.SeeRequests([.. Request(Metadata, 1, 1), .. Request(Metadata, 9, 2)]);
        byte[] answers =
        [
            .. Frame(BigEndian(1), BigEndian(1000), BigEndian(1), [0x7f, 0xff, 1, 2, 3]),
            .. Frame(BigEndian(2), [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]),
        ];

        Rewrite(addresses, answers, 3).ShouldBe(answers);
    }

    [Fact]
    public void What_is_no_Kafka_goes_on_as_it_is()
    {
        var addresses = New();
        byte[] hello = [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03, 1, 2, 3, 4, 5, 6];

        addresses.SeeRequests([.. Request(Metadata, 1, 1)]);
        addresses.SeeRequests(hello);

        Rewrite(addresses, hello, 2).ShouldBe(hello);
    }

    [Fact]
    public void Any_bytes_at_all_go_through_whole()
    {
        var random = new Random(1);
        for (var round = 0; round < 500; round++)
        {
            var addresses = New();
            var (requests, answers) = (new byte[random.Next(200)], new byte[random.Next(200)]);
            random.NextBytes(requests);
            random.NextBytes(answers);
            if (round % 2 == 0)
            {
                requests = [.. Request(Metadata, (short)random.Next(14), 1), .. requests];
                answers = Frame(BigEndian(1), answers);
            }

            addresses.SeeRequests(requests);
            var passed = Rewrite(addresses, answers, random.Next(1, 20));

            // What cannot be a frame may still be waited for; nothing else is held back, and no length changes.
            passed.Length.ShouldBeLessThanOrEqualTo(answers.Length);
            if (round % 2 == 0)
                passed.Length.ShouldBe(answers.Length);
        }
    }

    private static KafkaAddresses New() => new((_, port) => port + 1000);

    private static void See(KafkaAddresses addresses, byte[] bytes, int piece)
    {
        foreach (var part in bytes.Chunk(piece))
            addresses.SeeRequests(part);
    }

    private static byte[] Rewrite(KafkaAddresses addresses, byte[] bytes, int piece)
    {
        var passed = new List<byte>();
        foreach (var part in bytes.Chunk(piece))
            passed.AddRange(addresses.Rewrite(part).ToArray());
        return [.. passed];
    }

    private static byte[] Request(short api, short version, int id) => Frame(BigEndian(api), BigEndian(version), BigEndian(id), Text("a client"), [1, 2, 3]);

    private static byte[] MetadataAnswer(int id, short version, params int[] ports)
    {
        var flexible = version >= 9;
        byte[] brokers =
        [
            .. ports.SelectMany((port, node) => (byte[])
            [
                .. BigEndian(node + 1), .. Text(node == 0 ? "127.0.0.1" : "localhost", flexible), .. BigEndian(port),
                .. version == 0 ? [] : flexible ? (byte[])[0] : [0xff, 0xff],
                .. flexible ? Tags : [],
            ]),
        ];
        byte[] count = flexible ? [(byte)(ports.Length + 1)] : BigEndian(ports.Length);
        return Frame(BigEndian(id), flexible ? Tags : [], version >= 3 ? BigEndian(0) : [], count, brokers, Encoding.ASCII.GetBytes("cluster, topics and so on"));
    }

    private static byte[] CoordinatorAnswer(int id, short version, int port) => version switch
    {
        0 => Frame(BigEndian(id), [0, 0], BigEndian(1), Text("127.0.0.1"), BigEndian(port)),
        1 or 2 => Frame(BigEndian(id), BigEndian(0), [0, 0], [0xff, 0xff], BigEndian(1), Text("127.0.0.1"), BigEndian(port)),
        3 => Frame(BigEndian(id), Tags, BigEndian(0), [0, 0], [0], BigEndian(1), Text("127.0.0.1", true), BigEndian(port), [0]),
        _ => Frame(
            BigEndian(id), Tags, BigEndian(0), [2], Text("a group", true), BigEndian(1), Text("127.0.0.1", true), BigEndian(port), [0, 0], [0], [0], [0]),
    };

    // One that nobody knows: number 0, two bytes.
    private static byte[] Tags => [1, 0, 2, 0xaa, 0xbb];

    private static byte[] Text(string text, bool flexible = false) =>
        [.. flexible ? (byte[])[(byte)(text.Length + 1)] : BigEndian((short)text.Length), .. Encoding.ASCII.GetBytes(text)];

    private static byte[] BigEndian(int number)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteInt32BigEndian(bytes, number);
        return bytes;
    }

    private static byte[] BigEndian(short number) => [(byte)(number >> 8), (byte)number];

    private static byte[] Frame(params byte[][] parts)
    {
        byte[] content = [.. parts.SelectMany(part => part)];
        return [.. BigEndian(content.Length), .. content];
    }
}
