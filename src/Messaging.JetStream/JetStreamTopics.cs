namespace Messaging.JetStream;

/// <summary>Makes streams for topics, and checks what the server made of the request.</summary>
internal sealed class JetStreamTopics(JetStreamLink link, JetStreamTransportOptions options)
{
    private const int StreamNotFound = 10059;
    private const int OtherStreamOfThatName = 10058;

    public async Task EnsureAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        await link.WaitUntilOpenAsync(cancellationToken);
        await Task.WhenAll(topics.Select(topic => EnsureAsync(topic, cancellationToken)));
    }

    /// <summary>How many partitions a topic has.</summary>
    /// <exception cref="TransportException">There is no such topic, or it is not one of this transport's.</exception>
    public async Task<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken)
    {
        await link.WaitUntilOpenAsync(cancellationToken);
        try
        {
            var stream = await link.JetStream.GetStreamAsync(Streams.NameOf(topic), cancellationToken: cancellationToken);
            return PartitionsOf(topic, stream.Info.Config);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == StreamNotFound)
        {
            throw new TransportException($"NATS at {link.Url} has no topic {topic}.", exception);
        }
        catch (NatsException exception)
        {
            throw new TransportException($"NATS at {link.Url} did not tell about topic {topic}: {exception.Message}", exception);
        }
    }

    private async Task EnsureAsync(TopicDefinition topic, CancellationToken cancellationToken)
    {
        var asked = new StreamConfig(Streams.NameOf(topic.Name), Streams.SubjectsOf(topic.Name, topic.Partitions))
        {
            Description = $"Topic {topic.Name}",
            Storage = StreamConfigStorage.File,
            Retention = StreamConfigRetention.Limits,
            NumReplicas = options.Replicas,
            MaxAge = options.MaxAge,
            DuplicateWindow = options.DuplicateWindow,
        };
        try
        {
            Compare(topic, asked, (await CreateOrUpdateAsync(topic, asked, cancellationToken)).Info.Config);
        }
        catch (NatsException exception)
        {
            throw new TransportException($"NATS at {link.Url} did not make topic {topic.Name}: {exception.Message}", exception);
        }
    }

    /// <summary>Not the client's own create-or-update: that would change the number of partitions of an existing topic.</summary>
    private async Task<INatsJSStream> CreateOrUpdateAsync(TopicDefinition topic, StreamConfig asked, CancellationToken cancellationToken)
    {
        try
        {
            return await link.JetStream.CreateStreamAsync(asked, cancellationToken);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == OtherStreamOfThatName)
        {
            var stream = await link.JetStream.GetStreamAsync(asked.Name!, cancellationToken: cancellationToken);
            var partitions = PartitionsOf(topic.Name, stream.Info.Config);
            if (partitions != topic.Partitions)
            {
                throw new TransportException(
                    $"Topic {topic.Name} has {partitions} partitions on NATS, {topic.Partitions} were asked for: the key decides the partition, so the number must not change.");
            }

            return await link.JetStream.UpdateStreamAsync(asked, cancellationToken);
        }
    }

    private static int PartitionsOf(string topic, StreamConfig config)
    {
        var subjects = config.Subjects ?? [];
        if (subjects.Count == 0 || !subjects.Order(StringComparer.Ordinal).SequenceEqual(Streams.SubjectsOf(topic, subjects.Count).Order(StringComparer.Ordinal)))
            throw new TransportException($"The stream {config.Name} does not hold topic {topic}: its subjects are {string.Join(", ", subjects)}.");
        return subjects.Count;
    }

    /// <summary>An old server drops what it does not know without a word: what it returned is what is in force.</summary>
    private static void Compare(TopicDefinition topic, StreamConfig asked, StreamConfig made)
    {
        if (PartitionsOf(topic.Name, made) != topic.Partitions
            || (made.Storage, made.Retention, made.MaxAge, made.DuplicateWindow, made.NumReplicas)
                != (asked.Storage, asked.Retention, asked.MaxAge, asked.DuplicateWindow, asked.NumReplicas))
        {
            throw new TransportException($"The server keeps topic {topic.Name} otherwise than asked: {made} instead of {asked}.");
        }
    }
}
