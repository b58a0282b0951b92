using System.Buffers;
using System.Text;

namespace Standins.Nats.Inside;

/// <summary>What the parser makes of a stream that arrives in pieces, as text.</summary>
internal static class ServerFrames
{
    // Feeds the pieces one after the other, each in a segment of its own, as a pipe does: what is not taken stays.
    public static List<string> Read(IEnumerable<byte[]> pieces, int maxMessage = 100)
    {
        var parser = new ProtocolParser(maxMessage);
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
            for (var left = buffer.Length; left > 0 && parser.TryRead(ref buffer, ref frame); left = buffer.Length)
            {
                buffer.Length.ShouldBeLessThan(left);
                seen.Add(Describe(frame));
            }

            start = buffer.Start;
        }

        return seen;
    }

    public static string Describe(in ServerFrame frame) => frame.Op switch
    {
        ServerOp.Msg => $"Msg {frame.Sid} {frame.SubjectText} <{frame.ReplyToText}> [{Text(frame.Headers)}] [{Text(frame.Payload)}]",
        ServerOp.Info or ServerOp.Err => $"{frame.Op} {Encoding.Latin1.GetString(frame.Text)}",
        _ => frame.Op.ToString(),
    };

    public static string Shown(string text) => text.Replace("\r\n", "|", StringComparison.Ordinal);

    private static string Text(in ReadOnlySequence<byte> bytes) => Shown(Encoding.Latin1.GetString(bytes));

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
