using System.Buffers;
using System.Buffers.Text;
using System.Text;

namespace Standins.NATS.Client.Core;

/// <summary>Where a reply to a published message goes: nowhere, to a subject, or to a numbered place under the connection's inbox.</summary>
internal readonly struct ReplyAddress
{
    private readonly string? _subject;
    private readonly byte[]? _prefix;
    private readonly long _id;

    public ReplyAddress(string? subject) => _subject = subject;

    public ReplyAddress(byte[] prefix, long id)
    {
        _prefix = prefix;
        _id = id;
    }

    public int MaxLength => _prefix is not null ? _prefix.Length + 20 : Encoding.UTF8.GetMaxByteCount(_subject?.Length ?? 0);

    public int Write(Span<byte> destination)
    {
        if (_prefix is null)
            return _subject is null ? 0 : Encoding.UTF8.GetBytes(_subject, destination);

        _prefix.CopyTo(destination);
        Utf8Formatter.TryFormat(_id, destination[_prefix.Length..], out var digits);
        return _prefix.Length + digits;
    }
}

/// <summary>
/// Builds one PUB or HPUB on the publishing thread, so that the connection's lock covers a copy and nothing else: user serializers run
/// outside of it. One builder is kept per thread.
/// </summary>
internal sealed class CommandBuilder : IBufferWriter<byte>
{
    private const int KeptCapacity = 256 * 1024;

    [ThreadStatic]
    private static CommandBuilder? _spare;

    // [ control line | gap | headers, payload, CR LF ]
    private byte[] _buffer = new byte[1024];
    private int _lineLength;
    private int _bodyStart;
    private int _end;

    public ReadOnlySpan<byte> Line => _buffer.AsSpan(0, _lineLength);

    public ReadOnlySpan<byte> Body => _buffer.AsSpan(_bodyStart, _end - _bodyStart);

    // Taken away while in use: a serializer may itself publish.
    public static CommandBuilder Rent()
    {
        var builder = _spare ?? new CommandBuilder();
        _spare = null;
        return builder;
    }

    public void Return()
    {
        if (_buffer.Length <= KeptCapacity)
            _spare = this;
    }

    /// <summary>Builds the command. Throws what the serializer throws, or <see cref="NatsPayloadTooLargeException"/>.</summary>
    public void Publish<T>(string subject, in ReplyAddress replyTo, NatsHeaders? headers, T? data, INatsSerialize<T> serializer, int maxPayload)
    {
        // "HPUB " and two numbers of at most ten digits, three spaces, CR LF.
        _bodyStart = Encoding.UTF8.GetMaxByteCount(subject.Length) + replyTo.MaxLength + 32;
        _end = _bodyStart;
        EnsureFree(256);
        if (headers is not null)
            HeaderCodec.Write(this, headers);

        var headerSize = _end - _bodyStart;
        if (data is not null)
            serializer.Serialize(this, data);

        var size = _end - _bodyStart;
        if (size > maxPayload)
            throw new NatsPayloadTooLargeException($"Payload size {size} exceeds server's maximum payload size {maxPayload}");

        this.Write("\r\n"u8);
        WriteLine(subject, replyTo, headers is null ? -1 : headerSize, size);
    }

    public void Advance(int count) => _end += count;

    public Memory<byte> GetMemory(int sizeHint = 0)
    {
        EnsureFree(Math.Max(sizeHint, 1));
        return _buffer.AsMemory(_end);
    }

    public Span<byte> GetSpan(int sizeHint = 0)
    {
        EnsureFree(Math.Max(sizeHint, 1));
        return _buffer.AsSpan(_end);
    }

    private void WriteLine(string subject, in ReplyAddress replyTo, int headerSize, int size)
    {
        var line = _buffer.AsSpan(0, _bodyStart);
        var verb = headerSize < 0 ? "PUB "u8 : "HPUB "u8;
        verb.CopyTo(line);
        var at = verb.Length;
        at += Encoding.UTF8.GetBytes(subject, line[at..]);
        line[at++] = (byte)' ';
        var reply = replyTo.Write(line[at..]);
        if (reply > 0)
        {
            at += reply;
            line[at++] = (byte)' ';
        }

        if (headerSize >= 0)
        {
            Utf8Formatter.TryFormat(headerSize, line[at..], out var written);
            at += written;
            line[at++] = (byte)' ';
        }

        Utf8Formatter.TryFormat(size, line[at..], out var digits);
        at += digits;
        "\r\n"u8.CopyTo(line[at..]);
        _lineLength = at + 2;
    }

    private void EnsureFree(int count)
    {
        if (_buffer.Length - _end < count)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, checked(_end + count)));
    }
}
