using System.Collections.Concurrent;
using System.Diagnostics;
using Lab.Checking;
using Lab.History;
using Messaging;

namespace Lab.Comparing.Flows;

/// <summary>
/// Reads from outside, as anybody could, when the end of each order is told. Its time is this process's: what was meant to be sent when
/// and what was seen when are told by one clock. It keeps no message, so that it does not get slower as the run goes on. Thread-safe.
/// </summary>
internal sealed class EndWatch : IAsyncDisposable
{
    private const int ManyOrders = 200_000;

    private static readonly TimeSpan PauseAfterFailure = TimeSpan.FromMilliseconds(100);

    private readonly ConcurrentDictionary<Guid, OrderEnding> _ends = new(concurrencyLevel: 1, ManyOrders);
    private readonly Dictionary<int, long> _next = [];
    private readonly ITransport _transport;
    private readonly TimeProvider _clock;
    private readonly CancellationTokenSource _over = new();
    private readonly Task _following;

    /// <param name="transport">The way to the broker; it belongs to this object.</param>
    /// <param name="clock">Measures the pauses of the reading.</param>
    public EndWatch(ITransport transport, TimeProvider clock)
    {
        (_transport, _clock) = (transport, clock);
        _following = FollowAsync(_over.Token);
    }

    /// <summary>How an order ended and when that was seen; null while it was not.</summary>
    public OrderEnding? EndOf(Guid orderId) => _ends.GetValueOrDefault(orderId);

    public async ValueTask DisposeAsync()
    {
        await _over.CancelAsync();
        await _following;
        await _transport.DisposeAsync();
        _over.Dispose();
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            try
            {
                var request = new ReadRequest(FlowTopics.OrdersEvents, ReadFrom.Positions(new Dictionary<int, long>(_next)), ReadUntil.Live);
                await foreach (var delivery in _transport.ReadAsync(request, cancellationToken)) Note(delivery, Stopwatch.GetTimestamp());
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
#pragma warning disable CA1031 // Whatever it is, such as a broker that is killed, the reading goes on where it was. What it never sees is told as missing.
            catch (Exception)
#pragma warning restore CA1031
            {
                await Task.Delay(PauseAfterFailure, _clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }
        }
    }

    private void Note(Delivery delivery, long seen)
    {
        _next[delivery.Partition] = delivery.Position + 1;
        if (IncomingMessage.From(delivery).Message is not { } message
            || BrokerWatch.EndToldBy(message.Type) is not { } state || !Guid.TryParse(message.PartitionKey, out var orderId)) return;
        _ends.TryAdd(orderId, new OrderEnding(seen, state));
    }
}

/// <summary>The end of an order as it was seen.</summary>
/// <param name="Seen">When: a timestamp of <see cref="Stopwatch"/>.</param>
/// <param name="State">One of <see cref="OrderStates"/>.</param>
internal sealed record OrderEnding(long Seen, string State);
