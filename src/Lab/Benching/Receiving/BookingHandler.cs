using Lab.Benching.Relays;
using MassTransit;

namespace Lab.Benching.Receiving;

/// <summary>The handler whose throughput is measured: a row of business data per message, through EF Core.</summary>
internal sealed class BookingHandler(Backlog backlog, BookingDb db) : IConsumer<Measured>
{
    public Task Consume(ConsumeContext<Measured> context)
    {
        db.Add(new Booking { Id = context.Message.Id, Note = "what a business writes down" });
        backlog.Handled();
        return Task.CompletedTask;
    }
}

/// <summary>
/// Messages that lie in the broker, half of them to warm up: a service that has just started spends its time compiling. Thread-safe.
/// </summary>
/// <param name="count">How many are measured.</param>
internal sealed class Backlog(int count)
{
    private readonly TaskCompletionSource _warm = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _handled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _seen;

    /// <summary>How many messages there are.</summary>
    public int Total => 2 * count;

    /// <summary>Completes when those that do not count are handled.</summary>
    public Task Warm => _warm.Task;

    /// <summary>Completes when the last message is handled, a moment before its transaction is committed.</summary>
    public Task AllHandled => _handled.Task;

    public void Handled()
    {
        var seen = Interlocked.Increment(ref _seen);
        if (seen == count) _warm.SetResult();
        if (seen == Total) _handled.SetResult();
    }
}
