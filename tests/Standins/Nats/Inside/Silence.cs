using Microsoft.Extensions.Logging;

namespace Standins.Nats.Inside;

public class Silence
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_consumer_that_falls_silent_is_logged_and_asked_again()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        using var log = new Memory();
        await using var nats = new NatsConnection(server.Opts with { LoggerFactory = log });
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("S", ["s.>"]), Ct);
        var consumer = await js.CreateOrUpdateConsumerAsync("S", new ConsumerConfig("worker"), Ct);
        var opts = new NatsJSConsumeOpts { MaxMsgs = 10, IdleHeartbeat = TimeSpan.FromSeconds(0.5), Expires = TimeSpan.FromSeconds(30) };
        await using var messages = consumer.ConsumeAsync<int>(opts: opts, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        var next = messages.MoveNextAsync().AsTask();
        await WaitForPullsAsync(1);

        await server.SuspendAsync();
        await log.Silent.WaitAsync(Wait.Deadline, Ct);
        await server.ResumeAsync();

        await WaitForPullsAsync(2);
        await js.PublishAsync("s.x", 1, cancellationToken: Ct);
        (await next.WaitAsync(Wait.Deadline, Ct)).ShouldBeTrue();

        Task WaitForPullsAsync(int count) => Wait.UntilAsync(async () => { await consumer.RefreshAsync(Ct); return consumer.Info.NumWaiting >= count; }, $"{count} pulls wait");
    }

    private sealed class Memory : ILoggerFactory, ILogger
    {
        private readonly TaskCompletionSource _silent = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public Task Silent => _silent.Task;

        public ILogger CreateLogger(string categoryName) => this;

        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => true;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (formatter(state, exception).Contains("silent", StringComparison.Ordinal))
                _silent.TrySetResult();
        }

        public void Dispose()
        {
        }
    }
}
