using System.Buffers;
using System.Text;
using FsCheck;
using FsCheck.Fluent;

namespace Standins.Nats.Inside;

public class ProtocolProperties
{
    private const string Alphabet = "abcXYZ019-_$";

    private static readonly Config Many = Config.QuickThrowOnFailure.WithMaxTest(1000);

    private static readonly Gen<string> Token = Gen.Elements(Alphabet.ToCharArray()).NonEmptyListOf().Select(letters => string.Concat(letters));

    private static readonly Gen<string> Subject = Token.NonEmptyListOf().Select(tokens => string.Join('.', tokens));

    private static readonly Gen<byte[]> Bytes = Gen.Choose(0, 255).Select(b => (byte)b).ArrayOf();

    private static readonly Gen<string> Headers = Gen.Zip(Token, Token).ArrayOf().Select(headers => "NATS/1.0\r\n" + string.Concat(headers.Select(h => $"{h.Item1}: {h.Item2}\r\n")) + "\r\n");

    // A frame as it is sent, and as the parser must see it.
    private static readonly Gen<(byte[] Sent, string Seen)> Frame = Gen.OneOf(
        Gen.Elements(("PING\r\n", "Ping"), ("PONG\r\n", "Pong"), ("+OK\r\n", "Ok"), ("-ERR 'Stale Connection'\r\n", "Err Stale Connection"), ("INFO {\"a\":1}\r\n", "Info {\"a\":1}"))
            .Select(frame => (Encoding.Latin1.GetBytes(frame.Item1), frame.Item2)),
        from subject in Subject
        from sid in Gen.Choose(0, int.MaxValue)
        from reply in Gen.OneOf(Gen.Constant(string.Empty), Subject)
        from headers in Gen.OneOf(Gen.Constant(string.Empty), Headers)
        from payload in Bytes
        select Message(subject, sid, reply, headers, Encoding.Latin1.GetString(payload)));

    [Fact]
    public void Frames_are_the_same_wherever_the_stream_is_cut() => Check.One(Many, Prop.ForAll(
        Gen.Zip(Frame.ListOf(), Gen.Choose(1, 60).NonEmptyListOf()).ToArbitrary(),
        input =>
        {
            var (frames, cuts) = input;
            var stream = frames.SelectMany(frame => frame.Sent).ToArray();
            var expected = frames.Select(frame => frame.Seen).ToList();

            ServerFrames.Read(Cut(stream, cuts), int.MaxValue).ShouldBe(expected);
            ServerFrames.Read(Cut(stream, [1]), int.MaxValue).ShouldBe(expected);
        }));

    [Fact]
    public void Random_bytes_are_read_or_refused() => Check.One(Many, Prop.ForAll(
        Gen.Zip(Gen.OneOf(Bytes, Damaged), Gen.Choose(1, 60).NonEmptyListOf()).ToArbitrary(),
        input => Only<NatsProtocolViolationException>(() => ServerFrames.Read(Cut(input.Item1, input.Item2)))));

    [Fact]
    public void A_random_header_block_is_read_or_refused() => Check.One(Many, Prop.ForAll(
        Bytes.Select(bytes => (byte[])[.. "NATS/1.0\r\n"u8, .. bytes, .. "\r\n\r\n"u8]).ToArbitrary(),
        block => Only<NatsProtocolViolationException>(() => HeaderCodec.Parse(new ReadOnlySequence<byte>(block)))));

    [Fact]
    public void Headers_arrive_as_they_were_written() => Check.One(Many, Prop.ForAll(
        Gen.Zip(Token, Gen.Choose(32, 126).Select(c => (char)c).ListOf().Select(value => string.Concat(value).Trim())).ArrayOf().ToArbitrary(),
        pairs =>
        {
            var headers = new NatsHeaders();
            foreach (var (name, value) in pairs)
                headers[name] = value;

            var block = new ArrayBufferWriter<byte>();
            HeaderCodec.Write(block, headers);
            var read = HeaderCodec.Parse(new ReadOnlySequence<byte>(block.WrittenMemory));
            read.Select(pair => (pair.Key, pair.Value.ToString())).ShouldBe(headers.Select(pair => (pair.Key, pair.Value.ToString())));
        }));

    private static Gen<byte[]> Damaged =>
        from frames in Frame.NonEmptyListOf()
        let stream = frames.SelectMany(frame => frame.Sent).ToArray()
        from damage in Gen.Zip(Gen.Choose(0, stream.Length - 1), Gen.Choose(0, 255)).NonEmptyListOf()
        select Damage(stream, damage);

    private static byte[] Damage(byte[] stream, IEnumerable<(int At, int Value)> damage)
    {
        foreach (var (at, value) in damage.Take(3))
            stream[at] = (byte)value;

        return stream;
    }

    private static (byte[] Sent, string Seen) Message(string subject, int sid, string reply, string headers, string payload)
    {
        var sizes = headers.Length == 0 ? $"{payload.Length}" : $"{headers.Length} {headers.Length + payload.Length}";
        var sent = $"{(headers.Length == 0 ? "MSG" : "HMSG")} {subject} {sid} {(reply.Length == 0 ? "" : reply + " ")}{sizes}\r\n{headers}{payload}\r\n";
        return (Encoding.Latin1.GetBytes(sent), $"Msg {sid} {subject} <{reply}> [{ServerFrames.Shown(headers)}] [{ServerFrames.Shown(payload)}]");
    }

    private static IEnumerable<byte[]> Cut(byte[] stream, List<int> lengths)
    {
        for (int at = 0, piece = 0; at < stream.Length; at += lengths[piece++ % lengths.Count])
            yield return stream[at..Math.Min(at + lengths[piece % lengths.Count], stream.Length)];
    }

    private static void Only<TException>(Action action)
        where TException : Exception
    {
        try
        {
            action();
        }
        catch (TException)
        {
            // The one error allowed.
        }
    }
}
