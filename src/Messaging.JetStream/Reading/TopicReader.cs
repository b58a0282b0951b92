using System.Runtime.CompilerServices;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream;

/// <summary>
/// Reads a topic outside any group, through an ephemeral consumer of its own that acknowledges nothing. When the connection, the
/// consumer or a delivery is lost, the next consumer begins behind the last message that arrived. Types that are not wanted are
/// dropped here: a filter would have to lie within one of the stream's subjects, and so within one partition. One reader.
/// </summary>
internal sealed partial class TopicReader(JetStreamLink link, JetStreamTopics topics, ReadRequest request, TimeProvider time, ILogger logger)
    : IAsyncDisposable
{
    private const int MostAtOnce = 250;

    private static readonly NatsJSFetchOpts Present = new() { MaxMsgs = MostAtOnce, Expires = TimeSpan.FromSeconds(1) };

    // Long, because a server of version 2.9 says nothing about a request that expires just as a message comes: what comes after it waits
    // until the client finds that out.
    private static readonly NatsJSFetchOpts Following = new() { MaxMsgs = MostAtOnce, Expires = TimeSpan.FromSeconds(30), IdleHeartbeat = TimeSpan.FromSeconds(2.5) };

    // How long the server keeps a consumer whose reader does not come back. One that was only slow begins again behind what it had.
    private static readonly TimeSpan Kept = TimeSpan.FromMinutes(5);

    private static readonly TimeSpan FirstPause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    private readonly ReadCursor _cursor = new(request);
    private DateTimeOffset _created;
    private CancellationTokenSource? _limit;
    private INatsJSConsumer? _consumer;
    private IAsyncEnumerator<INatsJSMsg<byte[]>>? _messages;

    /// <summary>Finds the topic and its present end, and begins.</summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    /// <exception cref="TransportException">The server cannot be reached or refuses.</exception>
    public async Task OpenAsync(CancellationToken cancellationToken)
    {
        var partitions = await topics.CountPartitionsAsync(request.Topic, cancellationToken);
        var stream = await topics.DescribeAsync(request.Topic, cancellationToken);
        _created = stream.Created;
        _cursor.Begin(stream.State, partitions);
        try
        {
            if (!_cursor.IsDone)
                await BeginAsync(cancellationToken);
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} does not let topic {request.Topic} be read", exception);
        }
    }

    /// <summary>The next message; null at the end. After <see cref="OpenAsync"/>.</summary>
    /// <exception cref="TransportException">The topic was removed, made again, or lost what was read already.</exception>
    public async ValueTask<Delivery?> NextAsync(CancellationToken cancellationToken)
    {
        var pause = FirstPause;
        while (!_cursor.IsDone)
        {
            try
            {
                if (_messages is null)
                    await BeginAsync(cancellationToken);
                if (await TakeAsync(cancellationToken) is { } delivery)
                    return delivery;
                if (_cursor.IsDone)
                    break;
                LogInterrupted(null, request.Topic, _cursor.Last, pause);
            }
            catch (Exception exception) when (IsPassing(exception, cancellationToken))
            {
                LogInterrupted(exception, request.Topic, _cursor.Last, pause);
            }

            await EndAsync();
            await Task.Delay(pause, time, cancellationToken);
            pause = pause * 2 < LongestPause ? pause * 2 : LongestPause;
        }

        return null;
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private static bool IsPassing(Exception exception, CancellationToken cancellationToken) => exception switch
    {
        OperationCanceledException => !cancellationToken.IsCancellationRequested,
        TopicNotFoundException => false,
        TransportException => exception.InnerException is NatsException or OperationCanceledException,
        _ => exception is NatsException,
    };

    /// <summary>The next wanted message; null when the consumer has no more to give.</summary>
    private async ValueTask<Delivery?> TakeAsync(CancellationToken cancellationToken)
    {
        while (!_cursor.IsDone && await _messages!.MoveNextAsync())
        {
            var message = _messages.Current;
            if (message.Metadata is not { } metadata)
                continue;
            var partition = Streams.PartitionOf(request.Topic, message.Subject);
            if (_cursor.Take(metadata, partition) is not { } isWanted)
                return null;
            if (!isWanted)
                continue;
            var delivery = await StoredMessages.ToDeliveryAsync(link, request.Topic, partition!.Value, metadata.Sequence.Stream, message, cancellationToken);
            if (TypeFilter.Wants(request.Types, delivery))
                return delivery;
        }

        cancellationToken.ThrowIfCancellationRequested();
        return null;
    }

    private async Task BeginAsync(CancellationToken cancellationToken)
    {
        var lost = link.Lost;
        await link.WaitUntilOpenAsync(cancellationToken);
        _limit = CancellationTokenSource.CreateLinkedTokenSource(lost, cancellationToken);
        var asked = new ConsumerConfig
        {
            Description = "Reads outside any group",
            AckPolicy = ConsumerConfigAckPolicy.None,
            InactiveThreshold = Kept,
            MemStorage = true,
            NumReplicas = 1,
        };
        _cursor.Describe(asked);
        try
        {
            _consumer = await link.JetStream.CreateOrUpdateConsumerAsync(Streams.NameOf(request.Topic), asked, cancellationToken);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == JetStreamTopics.StreamNotFound)
        {
            throw new TopicNotFoundException(request.Topic, exception);
        }

        Compare(asked, _consumer.Info.Config);

        // Behind the consumer: it is gone if the stream is replaced now.
        var stream = await topics.DescribeAsync(request.Topic, cancellationToken);
        if (stream.Created != _created || stream.State.LastSeq < _cursor.Last)
        {
            throw new TransportException(
                $"Topic {request.Topic} was made again or lost its end while it was read: position {_cursor.Last} was read, its last is {stream.State.LastSeq} now.");
        }

        _messages = FetchAsync(_consumer, _limit.Token).GetAsyncEnumerator(cancellationToken);
    }

    private async Task EndAsync()
    {
        if (_messages is { } messages)
            await messages.DisposeAsync();
        if (_consumer is { } consumer)
            await RemoveAsync(consumer);
        _limit?.Dispose();
        (_messages, _consumer, _limit) = (null, null, null);
    }

    private async Task RemoveAsync(INatsJSConsumer consumer)
    {
        if (!link.IsOpen)
            return;
        try
        {
            using var timeout = new CancellationTokenSource(TimeSpan.FromSeconds(1), time);
            await link.JetStream.DeleteConsumerAsync(consumer.Info.StreamName, consumer.Info.Name, timeout.Token);
        }
        catch (Exception exception) when (exception is NatsException or OperationCanceledException or ObjectDisposedException)
        {
            LogLeft(exception, consumer.Info.Name, request.Topic, Kept);
        }
    }

    /// <summary>
    /// Batch after batch: to the present what is there, live also what comes. When nothing comes, live too little, the server is asked,
    /// because it is silent, too, towards those whose consumer it has forgotten: this ends where the read has to end or to begin anew.
    /// </summary>
    private async IAsyncEnumerable<INatsJSMsg<byte[]>> FetchAsync(INatsJSConsumer consumer, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        while (true)
        {
            var count = 0;
            var batch = request.Until == ReadUntil.Live
                ? consumer.FetchAsync(Following, BodyBytes.Instance, cancellationToken)
                : consumer.FetchNoWaitAsync(Present, BodyBytes.Instance, cancellationToken);
            await foreach (var message in batch)
            {
                count++;
                yield return message;
            }

            if (count == MostAtOnce || (count > 0 && request.Until == ReadUntil.Present))
                continue;
            await consumer.RefreshAsync(cancellationToken);
            if (request.Until == ReadUntil.Present)
                _cursor.Finish(consumer.Info);
            if (request.Until == ReadUntil.Present || consumer.Info.Delivered.ConsumerSeq != _cursor.Deliveries)
                yield break;
        }
    }

    /// <summary>An old server drops what it does not know without a word: what it returned is what is in force.</summary>
    private static void Compare(ConsumerConfig asked, ConsumerConfig made)
    {
        if ((made.DeliverPolicy, made.OptStartSeq, made.AckPolicy) != (asked.DeliverPolicy, asked.OptStartSeq, asked.AckPolicy))
            throw new TransportException($"The server made a consumer otherwise than asked: {made} instead of {asked}.");
    }

    [LoggerMessage(EventId = 40, Level = LogLevel.Information, Message = "Reading {Topic} was interrupted behind position {Last} and goes on after {Pause}")]
    private partial void LogInterrupted(Exception? exception, string topic, ulong last, TimeSpan pause);

    [LoggerMessage(EventId = 41, Level = LogLevel.Debug, Message = "Consumer {Consumer}, which read {Topic}, was not removed; the server forgets it after {Kept}")]
    private partial void LogLeft(Exception exception, string consumer, string topic, TimeSpan kept);
}
