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
    public void Commands_are_read_in_order_with_all_their_parts() => ServerFrames.Read([Bytes(Input)]).ShouldBe(Expected);

    [Fact]
    public void The_input_may_be_cut_at_any_byte()
    {
        var input = Bytes(Input);
        for (var cut = 1; cut < input.Length; cut++)
            ServerFrames.Read([input[..cut], input[cut..]]).ShouldBe(Expected, ignoreOrder: false, $"cut at {cut}");
    }

    [Fact]
    public void The_input_may_arrive_byte_by_byte() => ServerFrames.Read([.. Bytes(Input).Select(b => new[] { b })]).ShouldBe(Expected);

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
        Should.Throw<NatsProtocolViolationException>(() => ServerFrames.Read([Bytes(input)]));

    [Fact]
    public void A_control_line_without_end_is_refused_at_its_limit()
    {
        var start = Bytes("INFO " + new string('x', ProtocolParser.MaxControlLine - 6));

        ServerFrames.Read([start]).ShouldBeEmpty();
        Should.Throw<NatsProtocolViolationException>(() => ServerFrames.Read([start, "x"u8.ToArray()]));
    }

    [Fact]
    public void A_message_over_the_limit_is_refused_before_it_is_buffered()
    {
        ServerFrames.Read([Bytes("MSG a 1 100\r\n")]).ShouldBeEmpty();
        Should.Throw<NatsProtocolViolationException>(() => ServerFrames.Read([Bytes("MSG a 1 101\r\n")]));
    }

    private static byte[] Bytes(string text) => Encoding.ASCII.GetBytes(text);
}
