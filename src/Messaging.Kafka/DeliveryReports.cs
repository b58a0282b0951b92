using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>Counts the delivery reports of a batch and remembers the failures. Each message is reported once; thread-safe.</summary>
internal sealed class DeliveryReports
{
    private readonly TaskCompletionSource<PublishOutcome> _outcome = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Lock _lock = new();
    private readonly SortedDictionary<int, TransportException> _failures = [];
    private readonly FailedKeys _failedKeys = new();
    private readonly bool[] _reported;
    private readonly ClientFailures _failuresOfClient;
    private readonly int _largest;
    private Error? _unreachable;
    private bool _allUnreachable = true;
    private int _missing;

    public DeliveryReports(IReadOnlyList<OutgoingMessage> batch, int largest, ClientFailures failuresOfClient)
    {
        _failuresOfClient = failuresOfClient;
        (Batch, _largest, _missing, _reported) = (batch, largest, batch.Count, new bool[batch.Count]);
        if (batch.Count == 0)
            _outcome.SetResult(PublishOutcome.AllAcknowledged);
    }

    public IReadOnlyList<OutgoingMessage> Batch { get; }

    public Task<PublishOutcome> Outcome => _outcome.Task;

    /// <summary>True when the message must not be sent, because an earlier one of its key failed; that is its report.</summary>
    public bool HoldsBack(int index)
    {
        lock (_lock)
        {
            if (!_failedKeys.HoldsBack(Batch[index], out var cause))
                return false;
            if (!_reported[index])
                Report(index, cause);
            return true;
        }
    }

    /// <summary>The broker, or librdkafka for it, has answered.</summary>
    public void Complete(int index, Error error)
    {
        lock (_lock)
        {
            if (!_reported[index])
                Report(index, error);
        }
    }

    /// <summary>No further report will come.</summary>
    public void CompleteMissing(Error error)
    {
        lock (_lock)
        {
            for (var i = 0; i < _reported.Length; i++)
            {
                if (!_reported[i])
                    Report(i, error);
            }
        }
    }

    private void Report(int index, Error error)
    {
        if (!error.IsError)
        {
            Report(index, default(TransportException));
            return;
        }

        _allUnreachable &= IsUnreachable(error);
        _unreachable ??= error;
        _failedKeys.Add(Batch[index]);
        Report(index, Describe(Batch[index], error));
    }

    private void Report(int index, TransportException? failure)
    {
        _reported[index] = true;
        if (failure is not null)
            _failures.Add(index, failure);
        if (--_missing > 0)
            return;
        if (_failures.Count == 0)
            _outcome.SetResult(PublishOutcome.AllAcknowledged);
        else if (_failures.Count == Batch.Count && _allUnreachable && _unreachable is not null)
            _outcome.SetException(_failuresOfClient.Describe($"Kafka did not acknowledge {Batch.Count} messages in time", new KafkaException(_unreachable)));
        else
            _outcome.SetResult(new PublishOutcome([.. _failures.Select(found => new PublishFailure(found.Key, found.Value))]));
    }

    private static bool IsUnreachable(Error error) => error.Code
        is ErrorCode.Local_MsgTimedOut or ErrorCode.Local_Transport or ErrorCode.Local_AllBrokersDown or ErrorCode.Local_QueueFull
        or ErrorCode.Local_GaplessGuarantee or ErrorCode.Local_Fatal or ErrorCode.Local_Destroy
        or ErrorCode.Local_PurgeInflight or ErrorCode.Local_PurgeQueue;

    private TransportException Describe(OutgoingMessage outgoing, Error error)
    {
        var (topic, message) = outgoing;
        return error.Code switch
        {
            ErrorCode.MsgSizeTooLarge => new MessageTooLargeException(message.Id, KafkaRecords.SizeOf(KafkaRecords.ToRecord(message)), _largest),
            ErrorCode.Local_UnknownTopic or ErrorCode.UnknownTopicOrPart => new TopicNotFoundException(topic, new KafkaException(error)),
            _ => new TransportException($"Kafka did not take message {message.Id} for topic {topic}: {error.Reason} ({error.Code}).", new KafkaException(error)),
        };
    }
}
