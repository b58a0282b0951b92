using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Messaging;

/// <summary>
/// Makes the catalog's topics, and those of the dead letters, before any receiver or relay starts. Waits for the broker, but not for ever.
/// </summary>
internal sealed partial class TopicsService(
    IReadOnlyList<string> deadLetters, ITransport transport, MessageCatalog catalog, TimeProvider time, ILogger<TopicsService> logger)
    : IHostedLifecycleService
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        var topics = catalog.Topics.Concat(deadLetters).Select(topic => new TopicDefinition(topic)).ToArray();
        var started = time.GetTimestamp();
        while (true)
        {
            try
            {
                await transport.EnsureTopicsAsync(topics, cancellationToken);
                return;
            }
            catch (TransportException exception) when (time.GetElapsedTime(started) < Patience)
            {
                LogWaiting(transport.Name, exception.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    [LoggerMessage(LogLevel.Warning, "Topics on {Transport} are not ready yet: {Cause}")]
    private partial void LogWaiting(string transport, string cause);
}
