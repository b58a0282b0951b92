using System.Runtime.InteropServices;

namespace Standins.NATS.Client.JetStream;

/// <summary>A message's sequence in its stream, and the number of its delivery by the consumer.</summary>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NatsJSSequencePair(ulong Stream, ulong Consumer);

/// <summary>What the server says of a delivery.</summary>
/// <param name="Sequence">Where it stands.</param>
/// <param name="NumDelivered">How often it was delivered, this time included.</param>
/// <param name="NumPending">Messages of the consumer not delivered yet.</param>
/// <param name="Timestamp">When the stream stored it.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Consumer">The consumer.</param>
/// <param name="Domain">The JetStream domain, empty if none.</param>
[StructLayout(LayoutKind.Auto)]
public readonly record struct NatsJSMsgMetadata(NatsJSSequencePair Sequence, ulong NumDelivered, ulong NumPending, DateTimeOffset Timestamp, string Stream, string Consumer, string Domain)
{
    private const int OldTokens = 9;
    private const int NewTokens = 11;

    // ADR-15: $JS.ACK.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>
    // or      $JS.ACK.<domain>.<account>.<stream>.<consumer>.<delivered>.<stream seq>.<consumer seq>.<nanoseconds>.<pending>[.<token>]
    internal static NatsJSMsgMetadata? Parse(string? replyTo, string knownStream, string knownConsumer)
    {
        if (replyTo is null || !replyTo.StartsWith("$JS.ACK.", StringComparison.Ordinal))
            return null;

        Span<Range> tokens = stackalloc Range[NewTokens + 2];
        var text = replyTo.AsSpan();
        var count = text.Split(tokens, '.');
        if (count < OldTokens || (count > OldTokens && count < NewTokens))
            return null;

        var at = count == OldTokens ? 2 : 4;
        var domain = count == OldTokens || text[tokens[2]] is "_" ? string.Empty : text[tokens[2]].ToString();
        if (!ulong.TryParse(text[tokens[at + 2]], out var delivered) || !ulong.TryParse(text[tokens[at + 3]], out var streamSequence)
            || !ulong.TryParse(text[tokens[at + 4]], out var consumerSequence) || !long.TryParse(text[tokens[at + 5]], out var nanoseconds)
            || !ulong.TryParse(text[tokens[at + 6]], out var pending))
        {
            return null;
        }

        return new NatsJSMsgMetadata(
            new NatsJSSequencePair(streamSequence, consumerSequence),
            delivered,
            pending,
            DateTimeOffset.UnixEpoch.AddTicks(nanoseconds / TimeSpan.NanosecondsPerTick),
            Known(text[tokens[at]], knownStream),
            Known(text[tokens[at + 1]], knownConsumer),
            domain);
    }

    // Every message of a consumer names the same stream and consumer.
    private static string Known(ReadOnlySpan<char> name, string known) => name.SequenceEqual(known) ? known : name.ToString();
}
