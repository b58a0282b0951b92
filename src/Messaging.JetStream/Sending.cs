namespace Messaging.JetStream;

/// <summary>One batch on its way: what is still to be sent, what the server refused. Not thread-safe.</summary>
internal sealed class Sending(IReadOnlyList<OutgoingMessage> batch, JetStreamLink link, int window)
{
    private readonly string[] _subjects = new string[batch.Count];
    private readonly List<PublishFailure> _failures = [];
    private readonly FailedKeys _failedKeys = new();
    private List<int> _unanswered = [.. Enumerable.Range(0, batch.Count)];

    /// <summary>Some messages have no answer yet.</summary>
    public bool IsUnfinished => _unanswered.Count > 0;

    public PublishOutcome Outcome =>
        _failures.Count == 0 ? PublishOutcome.AllAcknowledged : new PublishOutcome([.. _failures.OrderBy(failure => failure.Index)]);

    /// <summary>Finds each message's subject.</summary>
    public async Task PrepareAsync(Func<string, CancellationToken, ValueTask<int>> partitionsOf, CancellationToken cancellationToken)
    {
        for (var i = 0; i < batch.Count; i++)
        {
            var (topic, message) = batch[i];
            var partitions = await partitionsOf(topic, cancellationToken);
            _subjects[i] = Streams.SubjectOf(topic, Partitioner.PartitionOf(message.PartitionKey, partitions), message);
        }
    }

    /// <summary>
    /// Sends what has no answer yet, in order, and collects the answers. Ends early when the connection is lost: waiting
    /// would be in vain, and nothing later may overtake what was lost with it.
    /// </summary>
    public async Task SendAsync(CancellationToken lost, CancellationToken cancellationToken)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellationToken);
        var answers = new List<Task<NatsResult<PubAckResponse>>?>(_unanswered.Count);
        var unanswered = new List<int>();
        foreach (var index in _unanswered)
        {
            if (answers.Count >= window)
                await CollectAsync(answers.Count - window, attempt.Token);
            var mayBeSent = !attempt.IsCancellationRequested && link.IsOpen;
            if (!mayBeSent)
                await attempt.CancelAsync();
            answers.Add(mayBeSent ? Send(index, attempt.Token) : null);
        }

        for (var i = Math.Max(0, answers.Count - window); i < answers.Count; i++)
            await CollectAsync(i, attempt.Token);
        _unanswered = unanswered;
        cancellationToken.ThrowIfCancellationRequested();

        async ValueTask CollectAsync(int i, CancellationToken attempted)
        {
            var index = _unanswered[i];
            try
            {
                if (answers[i] is not { } answer)
                    unanswered.Add(index);
                else if (FailureOf(index, await answer) is { } cause)
                    Fail(index, cause);
            }
            catch (OperationCanceledException) when (attempted.IsCancellationRequested)
            {
                unanswered.Add(index);
            }
            catch (NatsException exception)
            {
                Fail(index, NotTaken(index, exception));
            }
        }
    }

    private Task<NatsResult<PubAckResponse>> Send(int index, CancellationToken cancellationToken)
    {
        var message = batch[index].Message;
        if (_failedKeys.HoldsBack(batch[index], out var preceding))
        {
            _failures.Add(new PublishFailure(index, preceding));
            return Refused;
        }

        var headers = NatsMessages.HeadersOf(message);
        var size = NatsMessages.SizeOf(headers, message.Body);
        if (size > link.LargestMessageBytes)
        {
            // The server would close the connection over it.
            Fail(index, new MessageTooLargeException(message.Id, size, link.LargestMessageBytes));
            return Refused;
        }

        var sent = link.JetStream.TryPublishAsync(
            _subjects[index], message.Body, BodyBytes.Instance, new NatsJSPubOpts { MsgId = message.Id }, headers, cancellationToken);
        return sent.AsTask();
    }

    private void Fail(int index, TransportException cause)
    {
        _failures.Add(new PublishFailure(index, cause));
        _failedKeys.Add(batch[index]);
    }

    // Stands for an answer to a message that was not sent and whose failure is already known.
    private static readonly Task<NatsResult<PubAckResponse>> Refused = Task.FromResult(new NatsResult<PubAckResponse>(new PubAckResponse()));

    private TransportException? FailureOf(int index, NatsResult<PubAckResponse> answer)
    {
        var (topic, message) = batch[index];
        if (!answer.Success)
            return NotTaken(index, answer.Error);
        return answer.Value.Error is { } refusal
            ? new TransportException($"NATS refused message {message.Id} for topic {topic}: {refusal.Description} ({refusal.ErrCode}).")
            : null;
    }

    private TransportException NotTaken(int index, Exception cause) =>
        new($"NATS did not take message {batch[index].Message.Id} for topic {batch[index].Topic}: {cause.Message}", cause);
}
