using System.Buffers.Text;
using System.Collections.Concurrent;
using System.Text;
using System.Threading.Tasks.Sources;

namespace Standins.NATS.Client.Core;

/// <summary>
/// All replies of a connection arrive on one subscription, <c>inbox.*</c>; the last token says whose it is. Exactly one of reply,
/// timeout, cancellation and dispose completes a request: the one that takes it out of the table.
/// </summary>
internal sealed class RequestMultiplexer : Subscription, IDisposable
{
    // How late a timeout may be noticed. One timer serves all requests: a timer for each costs more than the request.
    private static readonly TimeSpan SweepInterval = TimeSpan.FromMilliseconds(25);

    private readonly ConcurrentDictionary<long, PendingReply> _pending = new();
    private readonly byte[] _prefix;
    private readonly ITimer _sweep;
    private readonly Lock _sweepGate = new();
    private bool _sweeping;
    private long _lastId;

    public RequestMultiplexer(NatsConnection connection)
        : this(NatsConnection.NewInbox())
    {
    }

    private RequestMultiplexer(string inbox)
        : base(inbox + ".*", queueGroup: null)
    {
        _prefix = Encoding.UTF8.GetBytes(inbox + ".");
        _sweep = TimeProvider.System.CreateTimer(static state => ((RequestMultiplexer)state!).Sweep(), this, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Whether no request waits for its reply.</summary>
    public bool IsIdle => _pending.IsEmpty;

    /// <summary>Enters a request and returns the address its reply comes to.</summary>
    public ReplyAddress Register(PendingReply reply, TimeSpan timeout, CancellationToken cancellationToken)
    {
        reply.Id = Interlocked.Increment(ref _lastId);
        reply.Deadline = timeout == Timeout.InfiniteTimeSpan ? long.MaxValue : Environment.TickCount64 + (long)timeout.TotalMilliseconds;
        reply.Owner = this;
        _pending[reply.Id] = reply;
        if (cancellationToken.CanBeCanceled)
        {
            reply.Cancellation = cancellationToken.UnsafeRegister(static (state, token) =>
            {
                var waiting = (PendingReply)state!;
                if (waiting.Owner!.TryTake(waiting.Id, out _))
                    waiting.Fail(new OperationCanceledException(token));
            }, reply);
        }

        StartSweeping();
        return new ReplyAddress(_prefix, reply.Id);
    }

    /// <summary>Takes a request out because it could not be sent.</summary>
    public void Forget(PendingReply reply) => TryTake(reply.Id, out _);

    public override ValueTask ReceiveAsync(in ServerFrame frame)
    {
        var token = frame.Subject.Length > _prefix.Length ? frame.Subject[_prefix.Length..] : default;
        // No entry: the reply came after the timeout, or it is not the first.
        if (Utf8Parser.TryParse(token, out long id, out var consumed) && consumed == token.Length && TryTake(id, out var reply))
            reply!.Deliver(frame);

        return default;
    }

    public override void End(Exception? reason)
    {
    }

    public void FailAll(Exception reason)
    {
        foreach (var id in _pending.Keys)
        {
            if (TryTake(id, out var reply))
                reply!.Fail(reason);
        }
    }

    public void Dispose() => _sweep.Dispose();

    private bool TryTake(long id, out PendingReply? reply)
    {
        if (!_pending.TryRemove(id, out reply))
            return false;

        reply.Cancellation.Unregister();
        return true;
    }

    private void StartSweeping()
    {
        if (Volatile.Read(ref _sweeping))
            return;

        lock (_sweepGate)
        {
            _sweeping = true;
            _sweep.Change(SweepInterval, SweepInterval);
        }
    }

    private void Sweep()
    {
        var now = Environment.TickCount64;
        foreach (var (id, reply) in _pending)
        {
            if (reply.Deadline <= now && TryTake(id, out var late))
                late!.Fail(new NatsNoReplyException());
        }

        lock (_sweepGate)
        {
            if (!_pending.IsEmpty)
                return;

            _sweeping = false;
            _sweep.Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
        }

        // One may have registered between the look and the stop, when it still saw the timer running.
        if (!_pending.IsEmpty)
            StartSweeping();
    }
}

/// <summary>A request waiting for its reply.</summary>
internal abstract class PendingReply
{
    public RequestMultiplexer? Owner { get; set; }

    public long Id { get; set; }

    /// <summary>In milliseconds of <see cref="Environment.TickCount64"/>.</summary>
    public long Deadline { get; set; }

    public CancellationTokenRegistration Cancellation { get; set; }

    public abstract void Deliver(in ServerFrame frame);

    public abstract void Fail(Exception error);
}

/// <summary>A request waiting for its reply; awaited once, its continuation never runs on the read loop.</summary>
internal sealed class PendingReply<T>(NatsConnection connection, INatsDeserialize<T> deserializer, bool throwIfNoResponders) : PendingReply, IValueTaskSource<NatsMsg<T>>
{
    private ManualResetValueTaskSourceCore<NatsMsg<T>> _core = new() { RunContinuationsAsynchronously = true };

    public ValueTask<NatsMsg<T>> Task => new(this, _core.Version);

    public override void Deliver(in ServerFrame frame)
    {
        var message = NatsMsg<T>.From(frame.SubjectText, frame, connection, deserializer);
        if (message.HasNoResponders && throwIfNoResponders)
            _core.SetException(new NatsNoRespondersException());
        else
            _core.SetResult(message);
    }

    public override void Fail(Exception error) => _core.SetException(error);

    NatsMsg<T> IValueTaskSource<NatsMsg<T>>.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource<NatsMsg<T>>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<NatsMsg<T>>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}
