using System.Runtime.CompilerServices;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

internal sealed class NatsJSConsumer(NatsJSContext context, ConsumerInfo info) : INatsJSConsumer
{
    private const int DefaultMaxMsgs = 1000;

    public ConsumerInfo Info { get; private set; } = info;

    public NatsJSContext Context => context;

    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = await context.GetConsumerInfoAsync(Info.StreamName, Info.Name, cancellationToken);

    public async IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsJSConsumeOpts? opts = default,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await using var pull = new ConsumePull<T>(this, opts ?? new NatsJSConsumeOpts { MaxMsgs = DefaultMaxMsgs }, serializer);
        await pull.StartAsync(cancellationToken);
        while (await WaitUnlessCancelledAsync(pull, cancellationToken))
        {
            while (!cancellationToken.IsCancellationRequested && pull.TryTake(out var message))
            {
                yield return message;
                pull.Settled();
            }
        }
    }

    public IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(
        NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        FetchCoreAsync(opts, serializer, noWait: false, cancellationToken);

    public IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(
        NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        FetchCoreAsync(opts, serializer, noWait: true, cancellationToken);

    public async ValueTask<INatsJSMsg<T>?> NextAsync<T>(
        INatsDeserialize<T>? serializer = default, NatsJSNextOpts? opts = default, CancellationToken cancellationToken = default)
    {
        var one = new NatsJSFetchOpts { MaxMsgs = 1, Expires = opts?.Expires, IdleHeartbeat = opts?.IdleHeartbeat };
        await foreach (var message in FetchCoreAsync(one, serializer, noWait: false, cancellationToken))
            return message;

        return null;
    }

    private async IAsyncEnumerable<INatsJSMsg<T>> FetchCoreAsync<T>(
        NatsJSFetchOpts opts, INatsDeserialize<T>? serializer, bool noWait,
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(opts);
        await using var pull = new FetchPull<T>(this, opts, serializer, noWait);
        await pull.StartAsync(cancellationToken);
        while (await pull.WaitAsync(cancellationToken))
        {
            while (pull.TryTake(out var message))
                yield return message;
        }
    }

    private static async ValueTask<bool> WaitUnlessCancelledAsync<T>(ConsumePull<T> pull, CancellationToken cancellationToken)
    {
        try
        {
            return !cancellationToken.IsCancellationRequested && await pull.WaitAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            return false;
        }
    }
}
