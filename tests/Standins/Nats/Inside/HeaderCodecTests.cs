using System.Buffers;
using System.Text;

namespace Standins.Nats.Inside;

public class HeaderCodecTests
{
    [Fact]
    public void A_header_block_is_written_as_ADR_4_says()
    {
        var headers = new NatsHeaders { ["one"] = "1", ["two"] = new(["2", "zwei"]), ["empty"] = "" };

        Written(headers).ShouldBe("NATS/1.0\r\none: 1\r\ntwo: 2\r\ntwo: zwei\r\nempty: \r\n\r\n");
    }

    [Fact]
    public void A_status_line_is_understood()
    {
        var headers = Parsed("NATS/1.0 409 Consumer Deleted\r\nNats-Pending-Messages: 5\r\n\r\n");

        headers.Code.ShouldBe(409);
        headers.MessageText.ShouldBe("Consumer Deleted");
        headers["nats-pending-messages"].ToString().ShouldBe("5");
    }

    [Fact]
    public void A_name_that_looks_like_another_is_not_mistaken_for_it()
    {
        // The same hash slot, and the same name in another case.
        Parsed("NATS/1.0\r\nabcde: 1\r\n\r\n").Keys.ShouldBe(["abcde"]);
        Parsed("NATS/1.0\r\nabcDe: 1\r\n\r\n").Keys.ShouldBe(["abcDe"]);
        Parsed("NATS/1.0\r\naxcde: 1\r\n\r\n").Keys.ShouldBe(["axcde"]);
    }

    [Theory]
    [InlineData("na me", "x")]
    [InlineData("na:me", "x")]
    [InlineData("", "x")]
    [InlineData("näme", "x")]
    [InlineData("name", "a\r\nb")]
    [InlineData("name", "a\nb")]
    public void What_would_break_the_block_is_refused(string name, string value) =>
        Should.Throw<NatsException>(() => Written(new NatsHeaders { [name] = value }));

    [Theory]
    [InlineData("HTTP/1.0\r\n\r\n")]
    [InlineData("NATS/1.0\r\nno colon\r\n\r\n")]
    [InlineData("NATS/1.0\r\nname: value")]
    [InlineData("NATS/1.0 xyz\r\n\r\n")]
    public void A_broken_block_is_a_typed_error(string block) => Should.Throw<NatsProtocolViolationException>(() => Parsed(block));

    private static string Written(NatsHeaders headers)
    {
        var writer = new ArrayBufferWriter<byte>();
        HeaderCodec.Write(writer, headers);
        return Encoding.ASCII.GetString(writer.WrittenSpan);
    }

    private static NatsHeaders Parsed(string block) => HeaderCodec.Parse(new ReadOnlySequence<byte>(Encoding.ASCII.GetBytes(block)));
}
