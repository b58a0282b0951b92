using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Standins.NATS.Client.Core;

/// <summary>Runs event handlers one after the other, away from the loops that raise the events.</summary>
internal sealed partial class EventQueue : IAsyncDisposable
{
    private readonly Channel<Func<Task>> _queue = Channel.CreateUnbounded<Func<Task>>(new UnboundedChannelOptions { SingleReader = true });
    private readonly ILogger _logger;
    private readonly Task _loop;

    public EventQueue(ILogger logger)
    {
        _logger = logger;
        _loop = RunAsync();
    }

    public void Enqueue<TArgs>(object sender, AsyncEventHandler<TArgs> handlers, TArgs args) => _queue.Writer.TryWrite(async () =>
    {
        foreach (var handler in handlers.GetInvocationList())
            await ((AsyncEventHandler<TArgs>)handler)(sender, args);
    });

    public async ValueTask DisposeAsync()
    {
        _queue.Writer.TryComplete();
        await _loop;
    }

    [LoggerMessage(1010, LogLevel.Error, "An event handler of the NATS connection failed")]
    private static partial void HandlerFailed(ILogger logger, Exception error);

    private async Task RunAsync()
    {
        await foreach (var raise in _queue.Reader.ReadAllAsync())
        {
            try
            {
                await raise();
            }
#pragma warning disable CA1031 // A handler is foreign code; the next event must still be told.
            catch (Exception e)
#pragma warning restore CA1031
            {
                HandlerFailed(_logger, e);
            }
        }
    }
}
