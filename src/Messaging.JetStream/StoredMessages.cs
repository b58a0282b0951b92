namespace Messaging.JetStream;

/// <summary>Messages as the port hands them over, also those that the client cannot read.</summary>
internal static class StoredMessages
{
    /// <summary>With a header block that cannot be read the client hands over no body; the stream still has it.</summary>
    public static async ValueTask<Delivery> ToDeliveryAsync(
        JetStreamLink link, string topic, int partition, ulong position, INatsJSMsg<byte[]> message, CancellationToken cancellationToken)
    {
        if (message.Error is not NatsHeaderParseException broken)
            return NatsMessages.ToDelivery(topic, partition, (long)position, message);
        var stream = await link.JetStream.GetStreamAsync(Streams.NameOf(topic), cancellationToken: cancellationToken);
        var stored = await stream.GetAsync(new StreamMsgGetRequest { Seq = position }, cancellationToken);
        return NatsMessages.ToDelivery(topic, partition, stored.Message, broken);
    }
}
