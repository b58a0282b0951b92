using System.Runtime.CompilerServices;
using Standins.NATS.Client.Core;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <inheritdoc cref="INatsJSConsumer"/>
public sealed class NatsJSConsumer : INatsJSConsumer
{
    internal NatsJSConsumer(NatsJSContext context, ConsumerInfo info)
    {
        Context = context;
        Info = info;
    }

    /// <inheritdoc />
    public ConsumerInfo Info { get; private set; }

    internal NatsJSContext Context { get; }

    /// <inheritdoc />
    public async ValueTask RefreshAsync(CancellationToken cancellationToken = default) =>
        Info = await Context.GetConsumerInfoAsync(Info.StreamName, Info.Name, cancellationToken);

    /// <summary>Deletes the consumer.</summary>
    public ValueTask<bool> DeleteAsync(CancellationToken cancellationToken = default) =>
        Context.DeleteConsumerAsync(Info.StreamName, Info.Name, cancellationToken);

    /// <inheritdoc />
    public async IAsyncEnumerable<INatsJSMsg<T>> ConsumeAsync<T>(INatsDeserialize<T>? serializer = default, NatsJSConsumeOpts? opts = default, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        opts ??= Context.Opts.DefaultConsumeOpts;
        await using var pull = new ConsumePull<T>(this, opts, serializer);
        await pull.StartAsync(cancellationToken);
        while (await WaitUnlessCancelledAsync(pull, cancellationToken))
        {
            while (!cancellationToken.IsCancellationRequested && pull.TryTake(out var message))
            {
                yield return message;
                pull.Settled(message);
            }
        }

        if (!opts.DrainOnCancel || !cancellationToken.IsCancellationRequested)
            yield break;

        var drained = pull.DrainAsync();
        while (await pull.WaitAsync(CancellationToken.None))
        {
            while (pull.TryTake(out var message))
                yield return message;
        }

        await drained;
    }

    /// <inheritdoc />
    public IAsyncEnumerable<INatsJSMsg<T>> FetchAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        FetchCoreAsync(opts, serializer, noWait: false, cancellationToken);

    /// <inheritdoc />
    public IAsyncEnumerable<INatsJSMsg<T>> FetchNoWaitAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer = default, CancellationToken cancellationToken = default) =>
        FetchCoreAsync(opts, serializer, noWait: true, cancellationToken);

    /// <inheritdoc />
    public async ValueTask<INatsJSMsg<T>?> NextAsync<T>(INatsDeserialize<T>? serializer = default, NatsJSNextOpts? opts = default, CancellationToken cancellationToken = default)
    {
        opts ??= Context.Opts.DefaultNextOpts;
        var one = new NatsJSFetchOpts { MaxMsgs = 1, Expires = opts.Expires, IdleHeartbeat = opts.IdleHeartbeat, NotificationHandler = opts.NotificationHandler };
        await foreach (var message in FetchCoreAsync(one, serializer, noWait: false, cancellationToken))
            return message;

        return null;
    }

    private async IAsyncEnumerable<INatsJSMsg<T>> FetchCoreAsync<T>(NatsJSFetchOpts opts, INatsDeserialize<T>? serializer, bool noWait, [EnumeratorCancellation] CancellationToken cancellationToken = default)
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
