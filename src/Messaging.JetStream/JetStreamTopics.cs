namespace Messaging.JetStream;

/// <summary>Makes streams for topics, and checks what the server made of the request.</summary>
internal sealed class JetStreamTopics(JetStreamLink link, JetStreamTransportOptions options)
{
    /// <summary>The server's error code for a stream that does not exist.</summary>
    public const int StreamNotFound = 10059;

    /// <summary>What one of several that make a stream at the same moment may be told: the subjects are taken, by the very stream it asks for.</summary>
    public const int SubjectsOverlap = 10065;

    /// <summary>The server's error code for a stream of that name with other settings; one that is just being made may be told so, too.</summary>
    public const int OtherStreamOfThatName = 10058;

    public async Task EnsureAsync(IReadOnlyCollection<TopicDefinition> topics, CancellationToken cancellationToken)
    {
        await link.OpenAsync(cancellationToken);
        await Task.WhenAll(topics.Select(topic => EnsureAsync(topic, cancellationToken)));
    }

    /// <summary>How many partitions a topic has.</summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    /// <exception cref="TransportException">It is not one of this transport's, or the server does not tell.</exception>
    public async Task<int> CountPartitionsAsync(string topic, CancellationToken cancellationToken) =>
        PartitionsOf(topic, (await DescribeAsync(topic, cancellationToken)).Config);

    /// <summary>A topic's stream as it is now.</summary>
    /// <exception cref="TopicNotFoundException">There is no such topic.</exception>
    /// <exception cref="TransportException">The server cannot be reached, or does not tell.</exception>
    public async Task<StreamInfo> DescribeAsync(string topic, CancellationToken cancellationToken)
    {
        await link.OpenAsync(cancellationToken);
        try
        {
            return (await link.JetStream.GetStreamAsync(Streams.NameOf(topic), cancellationToken: cancellationToken)).Info;
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == StreamNotFound)
        {
            throw new TopicNotFoundException(topic, exception);
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} did not tell about topic {topic}", exception);
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
            throw link.Explain($"NATS at {link.Url} did not make topic {topic.Name}", exception);
        }
    }

    /// <summary>Not the client's own create-or-update: that would change the number of partitions of an existing topic.</summary>
    private async Task<INatsJSStream> CreateOrUpdateAsync(TopicDefinition topic, StreamConfig asked, CancellationToken cancellationToken)
    {
        try
        {
            return await link.JetStream.CreateStreamAsync(asked, cancellationToken);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode is OtherStreamOfThatName or SubjectsOverlap)
        {
            if (exception.Error.ErrCode == SubjectsOverlap && !await ExistsAsync(asked.Name!, cancellationToken))
                throw;
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

    private async Task<bool> ExistsAsync(string stream, CancellationToken cancellationToken)
    {
        try
        {
            await link.JetStream.GetStreamAsync(stream, cancellationToken: cancellationToken);
            return true;
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == StreamNotFound)
        {
            return false;
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
