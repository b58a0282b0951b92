using Messaging;

namespace Patterns.Antipatterns;

/// <summary>Schedules a message by waiting for its time. What holds instead: <see cref="ScheduledMessageTests"/>.</summary>
public sealed class DelayInMemoryTests
{
    [Fact]
    public async Task A_restart_forgets_every_message_whose_time_had_not_come()
    {
        var broker = new RecordingTransport();
        Task scheduled;
        using (var process = new CancellationTokenSource())
        {
            scheduled = PublishAfterAsync(broker, TimeSpan.FromMinutes(30), process.Token);
            await process.CancelAsync();
        }

        // The next process has nothing to look into that would tell it of the message.
        await Should.ThrowAsync<OperationCanceledException>(scheduled);
        broker.Arrived.ShouldBeEmpty();
    }

    private static async Task PublishAfterAsync(RecordingTransport broker, TimeSpan delay, CancellationToken stopping)
    {
        await Task.Delay(delay, stopping);
        await broker.PublishAsync([new OutgoingMessage(Messages.Topic, Messages.New("reminder"))], stopping);
    }
}
