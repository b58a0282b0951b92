using System.Buffers;
using System.Buffers.Binary;
using System.Collections.Concurrent;
using System.Net;

namespace Lab.Networking;

/// <summary>
/// Keeps a Kafka client on its link. A client asks any broker where the others are and connects to those itself; here the ports in
/// these answers (Metadata, FindCoordinator) become those of the link, in place, so that no length changes. Whatever cannot be read
/// goes on as it is.
/// </summary>
/// <param name="portOf">The port of the link that leads to a broker.</param>
/// <remarks>
/// Answers that also name brokers when a leader has moved (tagged fields of Produce from version 10 and of Fetch from version 16) are
/// left alone: they come from clusters with several real brokers.
/// </remarks>
internal sealed class KafkaAddresses(Func<string, int, int> portOf) : IAnswerRewriting
{
    private const int RequestHead = 12; // size, API key, version, correlation id
    private const int AnswerHead = 8; // size, correlation id
    private const int LargestFrame = 1 << 28;
    private const int LargestRewritten = 1 << 20;

    private readonly ConcurrentDictionary<int, (short Api, short Version)> _asked = new();
    private readonly ArrayBufferWriter<byte> _out = new();
    private readonly ArrayBufferWriter<byte> _held = new();
    private FrameHead _request = new(RequestHead);
    private FrameHead _answer = new(AnswerHead);
    private (short Api, short Version)? _rewriting;
    private volatile bool _isUnreadable;

    public void SeeRequests(ReadOnlySpan<byte> bytes)
    {
        while (bytes.Length > 0 && !_isUnreadable)
        {
            bytes = bytes[_request.Take(bytes)..];
            if (!_request.IsFresh) continue;
            var head = _request.Bytes;
            var api = BinaryPrimitives.ReadInt16BigEndian(head[4..]);
            if (!IsReadable(ref _request)) return;
            if (KafkaAnswers.NamesBrokers(api))
                _asked[BinaryPrimitives.ReadInt32BigEndian(head[8..])] = (api, BinaryPrimitives.ReadInt16BigEndian(head[6..]));
        }
    }

    public ReadOnlyMemory<byte> Rewrite(ReadOnlyMemory<byte> bytes)
    {
        if (_isUnreadable && _held.WrittenCount == 0 && _rewriting is null) return bytes;
        _out.ResetWrittenCount();
        var left = bytes.Span;
        while (left.Length > 0)
        {
            if (_isUnreadable)
            {
                Release();
                _out.Write(left);
                break;
            }

            var taken = _answer.Take(left);
            (_rewriting is null && _answer.IsComplete && !_answer.IsFresh ? _out : _held).Write(left[..taken]);
            left = left[taken..];
            if (_answer.IsFresh) Begin();
            if (_rewriting is not null && _answer.IsOver) End();
        }

        if (_isUnreadable) Release();
        return _out.WrittenMemory;
    }

    private void Begin()
    {
        if (!IsReadable(ref _answer)) return;
        if (_asked.TryRemove(BinaryPrimitives.ReadInt32BigEndian(_answer.Bytes[4..]), out var asked) && _answer.Size <= LargestRewritten)
            _rewriting = asked;
        else
            Release();
    }

    private void End()
    {
        var answer = _held.WrittenSpan.ToArray();
        var (api, version) = _rewriting!.Value;
        foreach (var broker in KafkaAnswers.FindBrokers(answer.AsSpan(AnswerHead), api, version))
        {
            if (IsHere(broker.Host)) BinaryPrimitives.WriteInt32BigEndian(answer.AsSpan(AnswerHead + broker.At), portOf(broker.Host, broker.Port));
        }

        _held.ResetWrittenCount();
        _out.Write(answer);
        _rewriting = null;
    }

    private void Release()
    {
        _out.Write(_held.WrittenSpan);
        _held.ResetWrittenCount();
        _rewriting = null;
    }

    // TLS, or no Kafka at all: from here on nothing is looked at.
    private bool IsReadable(ref FrameHead head)
    {
        if (head.Size >= head.Bytes.Length - 4 && head.Size <= LargestFrame) return true;
        _isUnreadable = true;
        return false;
    }

    private static bool IsHere(string host) => host == "localhost" || (IPAddress.TryParse(host, out var address) && IPAddress.IsLoopback(address));

    /// <summary>Cuts a stream into frames: their heads are kept, the rest is counted.</summary>
    private struct FrameHead(int length)
    {
        private readonly byte[] _bytes = new byte[length];
        private int _seen;
        private int _left;

        public readonly ReadOnlySpan<byte> Bytes => _bytes;

        /// <summary>What the frame says of its length, itself not counted.</summary>
        public readonly int Size => BinaryPrimitives.ReadInt32BigEndian(_bytes);

        public readonly bool IsComplete => _seen == length;

        /// <summary>The head became complete by the last bytes taken.</summary>
        public bool IsFresh { get; private set; }

        /// <summary>The frame ended with the last bytes taken.</summary>
        public readonly bool IsOver => _seen == length && _left == 0;

        /// <summary>Takes bytes up to the end of the head, or up to the end of the frame.</summary>
        public int Take(ReadOnlySpan<byte> bytes)
        {
            IsFresh = false;
            if (IsOver) _seen = 0;
            if (_seen == length)
            {
                var rest = Math.Min(_left, bytes.Length);
                _left -= rest;
                return rest;
            }

            var taken = Math.Min(length - _seen, bytes.Length);
            bytes[..taken].CopyTo(_bytes.AsSpan(_seen));
            _seen += taken;
            IsFresh = _seen == length;
            if (IsFresh) _left = Math.Max(0, Size - (length - 4));
            return taken;
        }
    }
}
