using System.Buffers;
using System.Text;

namespace Standins.Nats.Inside;

public class ProtocolParserTests
{
    private const string Input =
        "INFO {\"server_id\":\"x\"}\r\n+OK\r\nPING\r\nMSG a.b 7 5\r\nhello\r\nMSG a.b 8 reply.to 0\r\n\r\n"
        + "HMSG c 9 21 24\r\nNATS/1.0\r\nkey: va\r\n\r\nxyz\r\nHMSG c 10 back 16 16\r\nNATS/1.0 503\r\n\r\n\r\n-ERR 'Permissions Violation'\r\nPONG\r\n";

    private static readonly string[] Expected =
    [
        "Info {\"server_id\":\"x\"}", "Ok", "Ping", "Msg 7 a.b <> [] [hello]", "Msg 8 a.b <reply.to> [] []",
        "Msg 9 c <> [NATS/1.0|key: va||] [xyz]", "Msg 10 c <back> [NATS/1.0 503||] []", "Err Permissions Violation", "Pong",
    ];

    [Fact]
    public void Commands_are_read_in_order_with_all_their_parts() => Read([Bytes(Input)]).ShouldBe(Expected);

    [Fact]
    public void The_input_may_be_cut_at_any_byte()
    {
        var input = Bytes(Input);
        for (var cut = 1; cut < input.Length; cut++)
            Read([input[..cut], input[cut..]]).ShouldBe(Expected, ignoreOrder: false, $"cut at {cut}");
    }

    [Fact]
    public void The_input_may_arrive_byte_by_byte() => Read([.. Bytes(Input).Select(b => new[] { b })]).ShouldBe(Expected);

    [Theory]
    [InlineData("HELLO\r\n")]
    [InlineData("\r\n")]
    [InlineData("PINGPONG\r\n")]
    [InlineData("MSG a 1\r\n")]
    [InlineData("MSG a one 5\r\nhello\r\n")]
    [InlineData("MSG a 1 -5\r\nhello\r\n")]
    [InlineData("MSG a 1 5x\r\nhello\r\n")]
    [InlineData("MSG a 1 99999999999\r\n")]
    [InlineData("MSG a 1 reply 5 6\r\nhello\r\n")]
    [InlineData("MSG a 1 3\r\nhello\r\n")]
    [InlineData("HMSG a 1 12\r\n")]
    [InlineData("HMSG a 1 12 5\r\nhello\r\n")]
    [InlineData("HMSG a 1 r 1 5 6\r\nhello\r\n")]
    public void What_is_not_the_protocol_is_a_typed_error(string input) =>
        Should.Throw<NatsProtocolViolationException>(() => Read([Bytes(input)]));

    [Fact]
    public void A_control_line_without_end_is_refused_at_its_limit()
    {
        var start = Bytes("INFO " + new string('x', ProtocolParser.MaxControlLine - 6));

        Read([start]).ShouldBeEmpty();
        Should.Throw<NatsProtocolViolationException>(() => Read([start, "x"u8.ToArray()]));
    }

    [Fact]
    public void A_message_over_the_limit_is_refused_before_it_is_buffered()
    {
        Read([Bytes("MSG a 1 100\r\n")]).ShouldBeEmpty();
        Should.Throw<NatsProtocolViolationException>(() => Read([Bytes("MSG a 1 101\r\n")]));
    }

    [Fact]
    public void Random_damage_never_causes_anything_but_the_typed_error()
    {
        var random = new Random(20261121);
        for (var round = 0; round < 20_000; round++)
        {
            var input = Bytes(Input);
            for (var damage = random.Next(1, 4); damage > 0; damage--)
                input[random.Next(input.Length)] = (byte)random.Next(256);

            var cut = random.Next(1, input.Length);
            try
            {
                Read([input[..cut], input[cut..]]).Count.ShouldBeLessThanOrEqualTo(Expected.Length + 3);
            }
            catch (NatsProtocolViolationException)
            {
                // The one error allowed.
            }
        }
    }

    // Feeds the pieces one after the other, each in a segment of its own, as a pipe does: what is not taken stays.
    private static List<string> Read(byte[][] pieces)
    {
        var parser = new ProtocolParser(maxMessage: 100);
        var seen = new List<string>();
        Segment? first = null, last = null;
        var start = default(SequencePosition);
        foreach (var piece in pieces)
        {
            last = last is null ? new Segment(piece) : last.Append(piece);
            if (first is null)
            {
                first = last;
                start = new SequencePosition(first, 0);
            }

            var buffer = new ReadOnlySequence<byte>(first, 0, last, piece.Length).Slice(start);
            var frame = default(ServerFrame);
            while (!buffer.IsEmpty && parser.TryRead(ref buffer, ref frame))
                seen.Add(Describe(frame));

            start = buffer.Start;
        }

        return seen;
    }

    private static string Describe(in ServerFrame frame) => frame.Op switch
    {
        ServerOp.Msg => $"Msg {frame.Sid} {frame.SubjectText} <{frame.ReplyToText}> [{Text(frame.Headers)}] [{Text(frame.Payload)}]",
        ServerOp.Info or ServerOp.Err => $"{frame.Op} {Encoding.ASCII.GetString(frame.Text)}",
        _ => frame.Op.ToString(),
    };

    private static string Text(in ReadOnlySequence<byte> bytes) => Encoding.ASCII.GetString(bytes).Replace("\r\n", "|", StringComparison.Ordinal);

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);

    private sealed class Segment : ReadOnlySequenceSegment<byte>
    {
        public Segment(byte[] bytes) => Memory = bytes;

        public Segment Append(byte[] bytes)
        {
            var next = new Segment(bytes) { RunningIndex = RunningIndex + Memory.Length };
            Next = next;
            return next;
        }
    }
}
