using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>Runs the subscriptions of one consumer group for as long as the host runs. Stopping drains them.</summary>
internal sealed partial class ReceiveService(
    ReceiverDefinition receiver, ITransport transport, ReceivePipelines pipelines, TimeProvider time, ILogger<ReceiveService> logger)
    : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var pipeline = pipelines.Of(receiver.Group);
        return Task.WhenAll(receiver.Topics.Select(topic => ConsumeAsync(topic, pipeline, stoppingToken)));
    }

    private async Task ConsumeAsync(string topic, ReceivePipeline pipeline, CancellationToken stoppingToken)
    {
        var subscription = new Subscription(topic, receiver.Group, receiver.Options.MaxBatch, receiver.Options.Prefetch);
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await transport.ConsumeAsync(subscription, pipeline.HandleAsync, stoppingToken);
            }
            catch (TransportException exception)
            {
                LogLost(receiver.Group, topic, exception.Message);
                await Task.Delay(Pause, time, stoppingToken);
            }
        }
    }

    [LoggerMessage(LogLevel.Warning, "{Group}: the subscription to {Topic} was lost and is set up again: {Cause}")]
    private partial void LogLost(string group, string topic, string cause);
}
