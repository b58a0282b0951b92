using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Messaging.Antipatterns;

/// <summary>
/// Commits to the database and then publishes to the broker. What a crash keeps from the second of the two, or the broker refuses,
/// is lost. Scheduled messages stay in the outbox.
/// </summary>
internal sealed partial class DualWrite(IUnitOfWork unitOfWork, Outbox outbox, ITransport transport, ILogger<DualWrite> logger) : IUnitOfWork
{
    public static Antipattern Antipattern { get; } = new(
        "dual-write",
        "messages are published after the commit, and lost when the process dies or the broker refuses in between",
        services =>
        {
            services.Decorate<IUnitOfWork>((unitOfWork, provider) => Around(unitOfWork(provider), provider));
            services.Decorate<IReceiveStore>((store, provider) => new Store(store(provider), Around(store(provider), provider)));
        });

    public async Task CommitAsync(CancellationToken cancellationToken)
    {
        var entries = outbox.Entries.ToLookup(entry => entry.Due is null);
        Guid[] cancellations = [.. outbox.Cancellations];
        outbox.Clear();
        foreach (var cancellation in cancellations)
            outbox.Cancel(cancellation);
        foreach (var scheduled in entries[false])
            outbox.Add(scheduled);

        await unitOfWork.CommitAsync(cancellationToken);
        await PublishAsync([.. entries[true].Select(entry => entry.Message)], cancellationToken);
    }

    private async Task PublishAsync(IReadOnlyList<OutgoingMessage> messages, CancellationToken cancellationToken)
    {
        if (messages.Count == 0)
            return;
        try
        {
            var outcome = await transport.PublishAsync(messages, cancellationToken);
            foreach (var failure in outcome.Failures)
                LogLost(messages[failure.Index].Message.Type, failure.Cause.Message);
        }
        catch (TransportException exception)
        {
            foreach (var message in messages)
                LogLost(message.Message.Type, exception.Message);
        }
    }

    private static DualWrite Around(IUnitOfWork unitOfWork, IServiceProvider provider) => new(
        unitOfWork, provider.GetRequiredService<Outbox>(), provider.GetRequiredService<ITransport>(), provider.GetRequiredService<ILogger<DualWrite>>());

    [LoggerMessage(Level = LogLevel.Error, Message = "A {Type} could not be published and is lost: {Cause}")]
    private partial void LogLost(string type, string cause);

    private sealed class Store(IReceiveStore store, IUnitOfWork twice) : StoreAround(store)
    {
        public override Task CommitAsync(CancellationToken cancellationToken) => twice.CommitAsync(cancellationToken);
    }
}
