using Lab.Benching.Relays;
using MassTransit;

namespace Lab.Benching.Receiving;

/// <summary>The handler whose throughput is measured: a row of business data per message, through EF Core.</summary>
internal sealed class BookingHandler(Backlog backlog, BookingDb db) : IConsumer<Measured>
{
    public async Task Consume(ConsumeContext<Measured> context)
    {
        await backlog.WaitForStartAsync(context.CancellationToken);
        db.Add(new Booking { Id = context.Message.Id, Note = "what a business writes down" });
        backlog.Handled();
    }
}

/// <summary>Messages that lie in the broker: holds the handlers back until each partition has one in hand, and knows when the last is handled.</summary>
/// <param name="partitions">How many partitions have messages.</param>
/// <param name="count">How many messages there are.</param>
internal sealed class Backlog(int partitions, int count)
{
    private readonly TaskCompletionSource _ready = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _start = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _handled = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _waiting;
    private int _left = count;

    /// <summary>Completes when every partition has been taken up.</summary>
    public Task Ready => _ready.Task;

    /// <summary>Completes when the last message is handled, a moment before its transaction is committed.</summary>
    public Task AllHandled => _handled.Task;

    public void Start() => _start.SetResult();

    public Task WaitForStartAsync(CancellationToken cancellationToken)
    {
        if (_start.Task.IsCompleted) return Task.CompletedTask;
        if (Interlocked.Increment(ref _waiting) == partitions) _ready.SetResult();
        return _start.Task.WaitAsync(cancellationToken);
    }

    public void Handled()
    {
        if (Interlocked.Decrement(ref _left) == 0) _handled.SetResult();
    }
}
