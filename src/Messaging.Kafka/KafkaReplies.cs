using System.Collections.Concurrent;

namespace Messaging.Kafka;

/// <summary>Reads the replies to one instance's requests at one address, from the end of its partition on. Thread-safe.</summary>
internal sealed class KafkaReplies
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource<Message>> _waiting = new(StringComparer.Ordinal);
    private readonly TaskCompletionSource _reading = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly string _instance;

    private KafkaReplies(KafkaReader reader, string instance, CancellationToken closing)
    {
        _instance = instance;
        Completion = ReadAsync(reader, closing);
    }

    /// <summary>Ends when no further reply will be read. Does not fail.</summary>
    public Task Completion { get; }

    /// <summary>Returns when every reply from now on will be read.</summary>
    public static async Task<KafkaReplies> OpenAsync(
        KafkaTransport transport, KafkaTopics topics, string topic, string instance, CancellationToken closing)
    {
        var partition = Partitioner.PartitionOf(instance, await topics.CountPartitionsAsync(topic, closing));
        var replies = new KafkaReplies(transport.CreateReader(new ReadRequest(topic, new ReadFrom.AtEnd(partition), ReadUntil.Live)), instance, closing);
        await replies._reading.Task;
        return replies;
    }

    /// <summary>Waits for the reply to a request; dispose it to wait no longer.</summary>
    public Expected Expect(Message request)
    {
        var id = RequestEnvelope.IdOf(request)!;
        var reply = _waiting[id] = new TaskCompletionSource<Message>(TaskCreationOptions.RunContinuationsAsynchronously);
        return new Expected(reply.Task, () => _waiting.TryRemove(id, out _));
    }

    private async Task ReadAsync(KafkaReader reader, CancellationToken closing)
    {
        try
        {
            await foreach (var record in reader.ReadRecordsAsync(closing, closing))
            {
                if (record is null)
                    _reading.TrySetResult();
                else
                    Receive(KafkaRecords.ToDelivery(record));
            }
        }
#pragma warning disable CA1031 // Whoever waits is told; the next request opens anew.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _reading.TrySetException(exception);
            foreach (var reply in _waiting.Values)
                reply.TrySetException(exception is TransportException ? exception : new TransportException("Replies are not read any more: " + exception.Message, exception));
        }
    }

    private void Receive(Delivery delivery)
    {
        // Replies to other instances share the partition, and some come after their asker's patience.
        if (delivery.Key == _instance
            && CloudEvents.TryRead(delivery.Attributes, delivery.Body, out var reply, out _)
            && RequestEnvelope.IdOf(reply) is { } id
            && _waiting.TryGetValue(id, out var waiting))
        {
            waiting.TrySetResult(RequestEnvelope.ReadReply(reply));
        }
    }

    /// <summary>A reply that is waited for.</summary>
    public sealed class Expected(Task<Message> reply, Action forget) : IDisposable
    {
        public Task<Message> Reply => reply;

        public void Dispose() => forget();
    }
}
