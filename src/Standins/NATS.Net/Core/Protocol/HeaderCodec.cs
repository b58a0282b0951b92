using System.Buffers;
using System.Buffers.Text;
using System.Text;
using Microsoft.Extensions.Primitives;

namespace Standins.NATS.Client.Core;

/// <summary>The header block of HPUB and HMSG: <c>NATS/1.0[ code[ text]]</c>, lines of <c>name: value</c>, an empty line (ADR-4).</summary>
internal static class HeaderCodec
{
    private static ReadOnlySpan<byte> VersionLine => "NATS/1.0"u8;

    // Header names repeat from message to message; a name seen before costs a comparison instead of a string.
    private static readonly string?[] KnownNames = new string?[256];

    private static readonly SearchValues<char> InvalidInName =
        SearchValues.Create([.. Enumerable.Range(0, 33).Select(c => (char)c), ':', .. Enumerable.Range(127, 129).Select(c => (char)c)]);

    /// <summary>Writes the block. Throws <see cref="NatsException"/> on a name or value that would break it.</summary>
    public static void Write(IBufferWriter<byte> writer, NatsHeaders headers)
    {
        writer.Write(VersionLine);
        writer.Write("\r\n"u8);
        foreach (var (name, values) in headers)
        {
            if (name.Length == 0 || name.AsSpan().ContainsAny(InvalidInName))
                throw new NatsException($"Invalid header key '{name}': contains colon, space, or other non-printable ASCII characters");

            foreach (var value in values)
            {
                if (value is null)
                    continue;

                if (value.AsSpan().ContainsAny('\r', '\n'))
                    throw new NatsException($"Invalid header value for key '{name}': contains CRLF");

                WriteText(writer, name);
                writer.Write(": "u8);
                WriteText(writer, value);
                writer.Write("\r\n"u8);
            }
        }

        writer.Write("\r\n"u8);
    }

    /// <summary>Reads a block, null for none. Anyone may publish a broken one; it must cost its own message only, so the error is in the result.</summary>
    public static NatsHeaders? ParseOrTellError(in ReadOnlySequence<byte> block)
    {
        if (block.IsEmpty)
            return null;

        try
        {
            return Parse(block);
        }
        catch (NatsProtocolViolationException e)
        {
            return new NatsHeaders { Error = new NatsHeaderParseException(block.ToArray(), e) };
        }
    }

    /// <summary>Reads a block. Throws <see cref="NatsProtocolViolationException"/> when it is not one.</summary>
    public static NatsHeaders Parse(in ReadOnlySequence<byte> block)
    {
        if (block.IsSingleSegment)
            return Parse(block.FirstSpan);

        var length = (int)block.Length;
        var copy = ArrayPool<byte>.Shared.Rent(length);
        try
        {
            block.CopyTo(copy);
            return Parse(copy.AsSpan(0, length));
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(copy);
        }
    }

    private static NatsHeaders Parse(ReadOnlySpan<byte> block)
    {
        var status = TakeLine(ref block);
        if (!status.StartsWith(VersionLine))
            throw new NatsProtocolViolationException("message headers do not start with NATS/1.0");

        var headers = new NatsHeaders();
        status = status[VersionLine.Length..].Trim((byte)' ');
        if (!status.IsEmpty)
            ParseStatus(status, headers);

        while (!block.IsEmpty)
        {
            var line = TakeLine(ref block);
            if (line.IsEmpty)
                break;

            var colon = line.IndexOf((byte)':');
            if (colon < 1)
                throw new NatsProtocolViolationException("message header without a name");

            var name = Name(line[..colon]);
            var value = Encoding.ASCII.GetString(line[(colon + 1)..].Trim((byte)' '));
            headers[name] = headers.TryGetValue(name, out var before) ? StringValues.Concat(before, value) : value;
        }

        return headers;
    }

    private static void ParseStatus(ReadOnlySpan<byte> status, NatsHeaders headers)
    {
        if (!Utf8Parser.TryParse(status, out int code, out var consumed))
            throw new NatsProtocolViolationException("message status is not a number");

        headers.Code = code;
        headers.MessageText = Encoding.UTF8.GetString(status[consumed..].Trim((byte)' '));
    }

    private static ReadOnlySpan<byte> TakeLine(ref ReadOnlySpan<byte> block)
    {
        var end = block.IndexOf("\r\n"u8);
        if (end < 0)
            throw new NatsProtocolViolationException("message headers do not end");

        var line = block[..end];
        block = block[(end + 2)..];
        return line;
    }

    private static string Name(ReadOnlySpan<byte> name)
    {
        var slot = (name.Length * 31 + name[0] * 7 + name[^1] * 17 + name[name.Length / 2]) & (KnownNames.Length - 1);
        var known = KnownNames[slot];
        if (known is not null && Ascii.Equals(name, known))
            return known;

        return KnownNames[slot] = Encoding.ASCII.GetString(name);
    }

    private static void WriteText(IBufferWriter<byte> writer, string text)
    {
        var span = writer.GetSpan(Encoding.ASCII.GetMaxByteCount(text.Length));
        writer.Advance(Encoding.ASCII.GetBytes(text, span));
    }
}
