using System.Runtime.CompilerServices;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.KeyValueStore;

/// <summary>
/// One watch of a bucket, by an unacknowledged ephemeral consumer. What such a consumer has sent on a lost connection is gone, so each reconnect,
/// silence or gap in its numbers replaces it by one that begins right behind the last entry seen.
/// </summary>
internal sealed class KVWatch<T>(INatsJSContext context, string bucket, string key, INatsDeserialize<T>? deserializer, NatsKVWatchOpts opts, bool endsWhenIdle = false)
{
    private const int MaxMsgs = 500;

    // How long the server keeps the consumer of a reader that takes nothing, or is gone without a word.
    private static readonly TimeSpan InactiveThreshold = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan RenewalPause = TimeSpan.FromMilliseconds(100);

    private readonly string _prefix = $"$KV.{bucket}.";

    // Zero until something was seen.
    private ulong _next;

    public async IAsyncEnumerable<NatsKVEntry<T>> ReadAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        if ((opts.IncludeHistory && opts.UpdatesOnly) || (opts.ResumeAtRevision > 0 && (opts.IncludeHistory || opts.UpdatesOnly)))
            throw new InvalidOperationException("IncludeHistory, UpdatesOnly and ResumeAtRevision exclude each other");

        var begins = true;
        for (var consumer = await CreateConsumerAsync(cancellationToken); ; consumer = await RenewConsumerAsync(cancellationToken))
        {
            await using var pull = new KVPull<T>(consumer, new NatsJSConsumeOpts { MaxMsgs = MaxMsgs, IdleHeartbeat = opts.IdleHeartbeat }, deserializer, endsWhenIdle);
            var isWhole = true;
            if (begins && consumer.Info.NumPending == 0 && await EndsWithoutDataAsync(cancellationToken))
                yield break;

            begins = false;
            await pull.StartAsync(cancellationToken);
            for (var number = 1ul; await HasNextAsync(pull, cancellationToken) && pull.TryTake(out var message); number++)
            {
                pull.Settled();
                if (message.Metadata is not { } metadata || metadata.Sequence.Consumer != number)
                {
                    isWhole = false;
                    break;
                }

                _next = metadata.Sequence.Stream + 1;
                var operation = NatsKVStore.OperationOf(message.Headers);
                if (operation == NatsKVOperation.Put || !opts.IgnoreDeletes)
                    yield return ToEntry(message, metadata, operation);
                else if (metadata.NumPending == 0 && await EndsWithoutDataAsync(cancellationToken))
                    yield break;
            }

            if (isWhole && pull.IsIdle)
                yield break;
        }
    }

    private ValueTask<bool> EndsWithoutDataAsync(CancellationToken cancellationToken) => opts.OnNoData?.Invoke(cancellationToken) ?? default;

    private NatsKVEntry<T> ToEntry(NatsJSMsg<T> message, in NatsJSMsgMetadata metadata, NatsKVOperation operation) => new(bucket, message.Subject[_prefix.Length..])
    {
        Value = message.Data,
        Revision = metadata.Sequence.Stream,
        Delta = metadata.NumPending,
        Created = metadata.Timestamp,
        Operation = operation,
        Error = message.Error,
    };

    // False when the consumer is of no more use.
    private static async ValueTask<bool> HasNextAsync(KVPull<T> pull, CancellationToken cancellationToken)
    {
        try
        {
            return await pull.WaitAsync(cancellationToken);
        }
        catch (NatsJSException)
        {
            // The server ended it. If the whole bucket is gone, creating the next one will tell.
            return false;
        }
    }

    private async Task<NatsJSConsumer> RenewConsumerAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await Task.Delay(RenewalPause, cancellationToken);
            try
            {
                return await CreateConsumerAsync(cancellationToken);
            }
            catch (NatsException e) when (e is NatsJSApiNoResponseException or NatsNoRespondersException or NatsJSApiException { Error.Code: 503 })
            {
                // The connection broke again, or JetStream is not up yet: that passes.
            }
        }
    }

    private async Task<NatsJSConsumer> CreateConsumerAsync(CancellationToken cancellationToken)
    {
        var start = Math.Max(_next, opts.ResumeAtRevision);
        var config = new ConsumerConfig
        {
            DeliverPolicy = start > 0 ? ConsumerConfigDeliverPolicy.ByStartSequence
                : opts.UpdatesOnly ? ConsumerConfigDeliverPolicy.New
                : opts.IncludeHistory ? ConsumerConfigDeliverPolicy.All
                : ConsumerConfigDeliverPolicy.LastPerSubject,
            OptStartSeq = start,
            AckPolicy = ConsumerConfigAckPolicy.None,
            FilterSubject = _prefix + key,
            HeadersOnly = opts.MetaOnly,
            InactiveThreshold = InactiveThreshold,
            MemStorage = true,
            NumReplicas = 1,
        };
        var consumer = (NatsJSConsumer)await context.CreateOrUpdateConsumerAsync("KV_" + bucket, config, cancellationToken);

        // The server moves a start beyond the end back to the end.
        var first = consumer.Info.Delivered.StreamSeq + 1;
        if (first < _next)
            throw new NatsKVException($"bucket {bucket} was replaced: it ends before revision {_next}, which was seen");

        if (opts.UpdatesOnly)
            _next = first;

        return consumer;
    }
}

/// <summary>The pull of a watch: over as soon as something may have been lost, and its consumer with it.</summary>
internal sealed class KVPull<T>(NatsJSConsumer consumer, NatsJSConsumeOpts opts, INatsDeserialize<T>? deserializer, bool endsWhenIdle)
    : ConsumePull<T>(consumer, opts, deserializer)
{
    private readonly string _delete = NatsJSContext.Api($"CONSUMER.DELETE.{consumer.Info.StreamName}.{consumer.Info.Name}");

    private bool _isBroken;

    /// <summary>It has ended because everything there was has been sent.</summary>
    public bool IsIdle { get; private set; }

    public override void Resubscribed()
    {
        _isBroken = true;
        Complete();
    }

    public override ValueTask DisposeAsync()
    {
        // Nobody waits for an answer: without a connection the server finds out by itself.
        Connection.TryPublish(_delete, replyTo: string.Empty, [], DefaultSerializer<byte[]>.Instance);
        return base.DisposeAsync();
    }

    protected override void OnStatus(NatsHeaders status)
    {
        // A heartbeat comes when there is nothing else to send.
        if (endsWhenIdle && status.Code == 100 && !_isBroken)
        {
            IsIdle = true;
            Complete();
        }

        base.OnStatus(status);
    }

    protected override void OnSilence() => Complete();
}
