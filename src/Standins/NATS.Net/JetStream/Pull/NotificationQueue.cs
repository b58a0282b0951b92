using System.Threading.Channels;

namespace Standins.NATS.Client.JetStream;

/// <summary>Runs the application's notification handler, one notification at a time; its failure is the pull's.</summary>
internal sealed class NotificationQueue : IAsyncDisposable
{
    private readonly Channel<INatsJSNotification> _queue = Channel.CreateUnbounded<INatsJSNotification>(new UnboundedChannelOptions { SingleReader = true });
    private readonly CancellationTokenSource _stopping = new();
    private readonly Task _loop;

    public NotificationQueue(Func<INatsJSNotification, CancellationToken, Task> handler, Action<Exception> onFailure) => _loop = RunAsync(handler, onFailure);

    public void Enqueue(INatsJSNotification notification) => _queue.Writer.TryWrite(notification);

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _stopping.CancelAsync();
        await _loop;
        _stopping.Dispose();
    }

    private async Task RunAsync(Func<INatsJSNotification, CancellationToken, Task> handler, Action<Exception> onFailure)
    {
        try
        {
            await foreach (var notification in _queue.Reader.ReadAllAsync(_stopping.Token))
                await handler(notification, _stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The pull is over.
        }
#pragma warning disable CA1031 // The handler is foreign code; the reader of the pull is told.
        catch (Exception e)
#pragma warning restore CA1031
        {
            onFailure(e);
        }
    }
}
