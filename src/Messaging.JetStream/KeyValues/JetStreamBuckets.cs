namespace Messaging.JetStream;

/// <summary>Opens key-value buckets, and checks what the server has under their names. Thread-safe.</summary>
internal sealed class JetStreamBuckets(JetStreamLink link, JetStreamTransportOptions options)
{
    private const int LongestHistory = 64;

    /// <summary>Opens a bucket and makes it where it is missing; see <see cref="IKeyValue.OpenBucketAsync"/>.</summary>
    public async Task<IKeyValueBucket> OpenAsync(BucketDefinition definition, string transport, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckDefinition(definition, transport, history: true);
        if (definition.History > LongestHistory)
        {
            throw new CapabilityMissingException(
                transport, nameof(TransportCapabilities.KeyValueHistory), $"bucket {definition.Name} with a history of {definition.History}, more than {LongestHistory},");
        }

        Handle? current = null;
        await OpenCurrentAsync(cancellationToken);
        return new JetStreamBucket(definition.Name, link, options.RequestTimeout, OpenCurrentAsync);

        // What was opened belongs to a connection; one that has given up is replaced.
        async ValueTask<Handle> OpenCurrentAsync(CancellationToken token)
        {
            await link.OpenAsync(token);
            var jetStream = link.JetStream;
            if (Volatile.Read(ref current) is { } open && ReferenceEquals(open.JetStream, jetStream))
                return open;
            var opened = await ConnectAsync(definition, jetStream, token);
            Volatile.Write(ref current, opened);
            return opened;
        }
    }

    private async Task<Handle> ConnectAsync(BucketDefinition definition, INatsJSContext jetStream, CancellationToken cancellationToken)
    {
        try
        {
            var store = await OpenedStores.OpenAsync(
                () => CreateOrGetAsync(definition, new NatsKVContext(jetStream), cancellationToken), options.RequestTimeout, cancellationToken);
            var stream = await jetStream.GetStreamAsync($"KV_{definition.Name}", cancellationToken: cancellationToken);
            Compare(definition, stream.Info.Config);
            return new Handle(jetStream, store, stream);
        }
        catch (NatsException exception)
        {
            throw link.Explain($"NATS at {link.Url} did not open bucket {definition.Name}", exception);
        }
    }

    /// <summary>Not the client's own create-or-update: that would change the settings of a bucket that others use.</summary>
    private async ValueTask<INatsKVStore> CreateOrGetAsync(BucketDefinition definition, NatsKVContext buckets, CancellationToken cancellationToken)
    {
        try
        {
            var asked = new NatsKVConfig(definition.Name) { History = definition.History, MaxAge = definition.TimeToLive, NumberOfReplicas = options.Replicas };
            return await buckets.CreateStoreAsync(asked, cancellationToken);
        }
        catch (NatsJSApiException exception) when (exception.Error.ErrCode == JetStreamTopics.OtherStreamOfThatName)
        {
            return await buckets.GetStoreAsync(definition.Name, cancellationToken);
        }
    }

    private void Compare(BucketDefinition asked, StreamConfig made)
    {
        if ((made.MaxMsgsPerSubject, made.MaxAge, made.NumReplicas, made.Storage)
            != (asked.History, asked.TimeToLive, options.Replicas, StreamConfigStorage.File))
        {
            throw new TransportException(
                $"Bucket {asked.Name} exists on NATS with other settings: a history of {made.MaxMsgsPerSubject}, a time to live of {made.MaxAge} and {made.NumReplicas} "
                + $"replicas in {made.Storage} storage; asked were {asked.History}, {asked.TimeToLive} and {options.Replicas} in {StreamConfigStorage.File}.");
        }
    }

    /// <summary>A bucket over one connection.</summary>
    internal sealed record Handle(INatsJSContext JetStream, INatsKVStore Store, INatsJSStream Stream);
}
