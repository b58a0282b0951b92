using System.Runtime.CompilerServices;
using Standins.NATS.Client.JetStream.Models;

namespace Standins.NATS.Client.JetStream;

/// <summary>Managing consumers.</summary>
public sealed partial class NatsJSContext
{
    /// <inheritdoc />
    public async ValueTask<INatsJSConsumer> CreateOrUpdateConsumerAsync(string stream, ConsumerConfig config, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        ArgumentNullException.ThrowIfNull(config);
        var call = $"CONSUMER.CREATE.{stream}";
        if ((string.IsNullOrWhiteSpace(config.Name) ? config.DurableName : config.Name) is { } name && !string.IsNullOrWhiteSpace(name))
        {
            CheckConsumerName(name);
            call += $".{name}";
            if (!string.IsNullOrWhiteSpace(config.FilterSubject))
                call += $".{config.FilterSubject}";
        }

        var info = await JSRequestResponseAsync<ConsumerCreateRequest, ConsumerInfo>(Api(call), new ConsumerCreateRequest(stream, config), cancellationToken);
        return new NatsJSConsumer(this, info);
    }

    /// <inheritdoc />
    public async ValueTask<INatsJSConsumer> GetConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        CheckConsumerName(consumer);
        return new NatsJSConsumer(this, await GetConsumerInfoAsync(stream, consumer, cancellationToken));
    }

    /// <inheritdoc />
    public async IAsyncEnumerable<string> ListConsumerNamesAsync(string stream, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        var offset = 0;
        ConsumerNamesResponse page;
        do
        {
            page = await JSRequestResponseAsync<ConsumerNamesRequest, ConsumerNamesResponse>(Api($"CONSUMER.NAMES.{stream}"), new ConsumerNamesRequest(offset), cancellationToken);
            foreach (var name in page.Consumers ?? [])
                yield return name;

            offset += page.Consumers?.Length ?? 0;
        }
        while (page.Consumers is { Length: > 0 } && offset < page.Total);
    }

    /// <inheritdoc />
    public async ValueTask<bool> DeleteConsumerAsync(string stream, string consumer, CancellationToken cancellationToken = default)
    {
        CheckStreamName(stream);
        CheckConsumerName(consumer);
        return (await JSRequestResponseAsync<object, SuccessResponse>(Api($"CONSUMER.DELETE.{stream}.{consumer}"), request: null, cancellationToken)).Success;
    }

    internal ValueTask<ConsumerInfo> GetConsumerInfoAsync(string stream, string consumer, CancellationToken cancellationToken) =>
        JSRequestResponseAsync<object, ConsumerInfo>(Api($"CONSUMER.INFO.{stream}.{consumer}"), request: null, cancellationToken);
}
