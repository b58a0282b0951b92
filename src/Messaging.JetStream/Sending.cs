namespace Messaging.JetStream;

/// <summary>
/// One batch on its way. Different keys are sent without waiting for each other, a window of them at a time; of one key a
/// message is sent only when the one before it is in the stream. Only so can none overtake: the stream may refuse one message of
/// a window and take the next, and on a lost connection the client may send the end of a window before we send its beginning
/// again. Not thread-safe.
/// </summary>
internal sealed class Sending
{
    private readonly IReadOnlyList<OutgoingMessage> _batch;
    private readonly JetStreamLink _link;
    private readonly int _window;
    private readonly string?[] _subjects;
    private readonly int?[] _predecessors;
    private readonly List<PublishFailure> _failures = [];
    private readonly FailedKeys _failedKeys = new();
    private List<int> _unanswered;

    public Sending(IReadOnlyList<OutgoingMessage> batch, JetStreamLink link, int window)
    {
        (_batch, _link, _window) = (batch, link, window);
        (_subjects, _predecessors) = (new string?[batch.Count], new int?[batch.Count]);
        _unanswered = Arrange();
    }

    /// <summary>Some messages have no answer yet.</summary>
    public bool IsUnfinished => _unanswered.Count > 0;

    /// <summary>The topics for whose messages nobody answered: they may be gone.</summary>
    public HashSet<string> Unheard { get; } = new(StringComparer.Ordinal);

    public PublishOutcome Outcome =>
        _failures.Count == 0 ? PublishOutcome.AllAcknowledged : new PublishOutcome([.. _failures.OrderBy(failure => failure.Index)]);

    /// <summary>Finds each message's subject.</summary>
    public async Task PrepareAsync(Func<string, CancellationToken, ValueTask<int>> partitionsOf, CancellationToken cancellationToken)
    {
        var missing = new Dictionary<string, TransportException>(StringComparer.Ordinal);
        for (var i = 0; i < _batch.Count; i++)
        {
            var (topic, message) = _batch[i];
            try
            {
                if (!missing.TryGetValue(topic, out var cause))
                    _subjects[i] = Streams.SubjectOf(topic, Partitioner.PartitionOf(message.PartitionKey, await partitionsOf(topic, cancellationToken)), message);
                else
                    Fail(i, cause);
            }
            catch (TransportException exception) when (exception is TopicNotFoundException or TopicChangedException)
            {
                missing.Add(topic, exception);
                Fail(i, exception);
            }
        }

        if (missing.Count > 0)
            _unanswered.RemoveAll(i => _subjects[i] is null);
    }

    /// <summary>
    /// Sends what has no answer yet, and collects the answers. Ends early when the connection is lost: waiting would be in vain.
    /// </summary>
    public async Task SendAsync(CancellationToken lost, CancellationToken cancellationToken)
    {
        using var attempt = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellationToken);
        var answers = new List<Task<NatsResult<PubAckResponse>>?>(_unanswered.Count);
        var places = new Dictionary<int, int>();
        var unanswered = new List<int>();
        var collected = 0;
        foreach (var index in _unanswered)
        {
            var first = _predecessors[index] is { } predecessor && places.TryGetValue(predecessor, out var place) ? place + 1 : 0;
            while (collected < Math.Max(first, answers.Count + 1 - _window))
                await CollectAsync(collected++, attempt.Token);
            var mayBeSent = !attempt.IsCancellationRequested && _link.IsOpen;
            if (!mayBeSent)
                await attempt.CancelAsync();
            places[index] = answers.Count;
            answers.Add(mayBeSent ? Send(index, attempt.Token) : null);
        }

        while (collected < answers.Count)
            await CollectAsync(collected++, attempt.Token);
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

    /// <summary>The first message of every key, then the second of every key, and so on: so the window stays full.</summary>
    private List<int> Arrange()
    {
        var last = new Dictionary<(string Topic, string Key), int>(_batch.Count);
        var rounds = new int[_batch.Count];
        for (var i = 0; i < _batch.Count; i++)
        {
            var key = (_batch[i].Topic, _batch[i].Message.PartitionKey);
            if (last.TryGetValue(key, out var before))
                (_predecessors[i], rounds[i]) = (before, rounds[before] + 1);
            last[key] = i;
        }

        return [.. Enumerable.Range(0, _batch.Count).OrderBy(i => rounds[i])];
    }

    private Task<NatsResult<PubAckResponse>> Send(int index, CancellationToken cancellationToken)
    {
        var message = _batch[index].Message;
        if (_failedKeys.HoldsBack(_batch[index], out var preceding))
        {
            _failures.Add(new PublishFailure(index, preceding));
            return Refused;
        }

        var headers = NatsMessages.HeadersOf(message);
        var size = NatsMessages.SizeOf(headers, message.Body);
        if (size > _link.LargestMessageBytes)
        {
            // The server would close the connection over it.
            Fail(index, new MessageTooLargeException(message.Id, size, _link.LargestMessageBytes));
            return Refused;
        }

        var sent = _link.JetStream.TryPublishAsync(
            _subjects[index]!, message.Body, BodyBytes.Instance, new NatsJSPubOpts { MsgId = message.Id }, headers, cancellationToken);
        return sent.AsTask();
    }

    private void Fail(int index, TransportException cause)
    {
        _failures.Add(new PublishFailure(index, cause));
        _failedKeys.Add(_batch[index]);
    }

    // Stands for an answer to a message that was not sent and whose failure is already known.
    private static readonly Task<NatsResult<PubAckResponse>> Refused = Task.FromResult(new NatsResult<PubAckResponse>(new PubAckResponse()));

    private TransportException? FailureOf(int index, NatsResult<PubAckResponse> answer)
    {
        var (topic, message) = _batch[index];
        if (!answer.Success)
        {
            Unheard.Add(topic);
            return NotTaken(index, answer.Error);
        }

        return answer.Value.Error is { } refusal
            ? new TransportException($"NATS refused message {message.Id} for topic {topic}: {refusal.Description} ({refusal.ErrCode}).")
            : null;
    }

    private TransportException NotTaken(int index, Exception cause) =>
        _link.Explain($"NATS did not take message {_batch[index].Message.Id} for topic {_batch[index].Topic}", cause);
}
