using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Standins.NATS.Client.Core;

internal enum ServerOp
{
    Info,
    Msg,
    Ping,
    Pong,
    Ok,
    Err,
}

/// <summary>One command of the server. Everything in it points into the read buffer and dies with it.</summary>
internal ref struct ServerFrame
{
    public ServerOp Op;

    /// <summary>What follows INFO or -ERR.</summary>
    public ReadOnlySpan<byte> Text;

    public int Sid;
    public ReadOnlySpan<byte> Subject;
    public ReadOnlySpan<byte> ReplyTo;

    /// <summary>The header block with its version line; empty for a message without headers.</summary>
    public ReadOnlySequence<byte> Headers;

    public ReadOnlySequence<byte> Payload;

    public readonly string SubjectText => Encoding.UTF8.GetString(Subject);

    public readonly string? ReplyToText => ReplyTo.IsEmpty ? null : Encoding.UTF8.GetString(ReplyTo);
}

/// <summary>
/// Reads the commands of a server from whatever part of the stream has arrived. A command is taken whole or not at all, so the input may
/// be cut anywhere. Anything that is not the protocol, and any line or message over its limit, throws <see cref="NatsProtocolViolationException"/>.
/// </summary>
internal sealed class ProtocolParser(int maxMessage)
{
    /// <summary>The longest control line accepted; INFO of a large cluster is the longest there is.</summary>
    public const int MaxControlLine = 64 * 1024;

    // Holds a control line that crosses a segment border.
    private byte[] _line = [];

    /// <summary>Takes the next command off <paramref name="buffer"/>; false when it has not arrived completely.</summary>
    public bool TryRead(scoped ref ReadOnlySequence<byte> buffer, ref ServerFrame frame)
    {
        if (!TryReadLine(buffer, out var line, out var taken))
            return false;

        if (line.StartsWith("MSG "u8))
            return TryReadMessage(ref buffer, ref frame, line[4..], taken, withHeaders: false);

        if (line.StartsWith("HMSG "u8))
            return TryReadMessage(ref buffer, ref frame, line[5..], taken, withHeaders: true);

        frame.Op = line switch
        {
            _ when line.SequenceEqual("PING"u8) => ServerOp.Ping,
            _ when line.SequenceEqual("PONG"u8) => ServerOp.Pong,
            _ when line.SequenceEqual("+OK"u8) => ServerOp.Ok,
            _ when line.StartsWith("-ERR"u8) => ServerOp.Err,
            _ when line.StartsWith("INFO "u8) => ServerOp.Info,
            _ => throw Violation("unknown command", line),
        };
        frame.Text = frame.Op is ServerOp.Info or ServerOp.Err ? line[4..].Trim(" \t'"u8) : default;
        buffer = buffer.Slice(taken);
        return true;
    }

    private bool TryReadLine(scoped in ReadOnlySequence<byte> buffer, out ReadOnlySpan<byte> line, out int taken)
    {
        var first = buffer.FirstSpan;
        var end = first.IndexOf((byte)'\n');
        if (end < 0 && !buffer.IsSingleSegment)
        {
            var length = (int)Math.Min(buffer.Length, MaxControlLine);
            if (_line.Length < length)
                _line = new byte[length];

            buffer.Slice(0, length).CopyTo(_line);
            first = _line.AsSpan(0, length);
            end = first.IndexOf((byte)'\n');
        }

        if (end < 0 ? first.Length >= MaxControlLine : end >= MaxControlLine)
            throw new NatsProtocolViolationException($"control line longer than {MaxControlLine} bytes");

        taken = end + 1;
        line = end < 0 ? default : first[..end].TrimEnd((byte)'\r');
        return end >= 0;
    }

    // MSG <subject> <sid> [reply-to] <size> and HMSG <subject> <sid> [reply-to] <header size> <total size>
    private bool TryReadMessage(scoped ref ReadOnlySequence<byte> buffer, ref ServerFrame frame, ReadOnlySpan<byte> line, int taken, bool withHeaders)
    {
        var rest = line;
        var subject = NextToken(ref rest);
        var sid = NextToken(ref rest);
        var third = NextToken(ref rest);
        var fourth = NextToken(ref rest);
        var fifth = NextToken(ref rest);
        var hasReply = withHeaders ? !fifth.IsEmpty : !fourth.IsEmpty;
        var sizes = hasReply ? fourth : third;
        var total = withHeaders ? (hasReply ? fifth : fourth) : sizes;

        var headerSize = 0;
        if (!TryParseNumber(sid, out frame.Sid) || !TryParseNumber(total, out var size) || (withHeaders && !TryParseNumber(sizes, out headerSize))
            || headerSize > size || !rest.IsEmpty || (!withHeaders && !fifth.IsEmpty))
        {
            throw Violation("malformed message line", line);
        }

        if (size > maxMessage)
            throw new NatsProtocolViolationException($"message of {size} bytes, more than the {maxMessage} allowed");

        if (buffer.Length < taken + size + 2L)
            return false;

        frame.Op = ServerOp.Msg;
        frame.Subject = subject;
        frame.ReplyTo = hasReply ? third : default;
        var body = buffer.Slice(taken, size);
        frame.Headers = withHeaders ? body.Slice(0, headerSize) : default;
        frame.Payload = withHeaders ? body.Slice(headerSize) : body;
        CheckEnd(buffer.Slice(body.End, 2));
        buffer = buffer.Slice(taken + size + 2);
        return true;
    }

    private static void CheckEnd(in ReadOnlySequence<byte> end)
    {
        Span<byte> two = stackalloc byte[2];
        end.CopyTo(two);
        if (!two.SequenceEqual("\r\n"u8))
            throw Violation("message not ended by CR LF but", two);
    }

    private static ReadOnlySpan<byte> NextToken(scoped ref ReadOnlySpan<byte> rest)
    {
        rest = rest.TrimStart(" \t"u8);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        var token = end < 0 ? rest : rest[..end];
        rest = end < 0 ? default : rest[(end + 1)..];
        return token;
    }

    private static bool TryParseNumber(ReadOnlySpan<byte> text, out int value) =>
        Utf8Parser.TryParse(text, out value, out var consumed) && consumed == text.Length && value >= 0;

    private static NatsProtocolViolationException Violation(string what, ReadOnlySpan<byte> found) =>
        new($"{what}: {Convert.ToHexString(found[..Math.Min(found.Length, 32)])} ({Encoding.ASCII.GetString(found[..Math.Min(found.Length, 512)])})");
}
