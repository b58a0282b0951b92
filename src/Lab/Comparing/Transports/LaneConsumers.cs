using System.Diagnostics;
using Lab.Benching;
using Lab.Benching.Transports;

namespace Lab.Comparing.Transports;

/// <summary>
/// All consumers of a sample. They join their groups before anything counts: how long that takes is another question. For a backlog
/// they are held at its first messages until all of it is published.
/// </summary>
internal sealed class LaneConsumers : IAsyncDisposable
{
    private static readonly TimeSpan LongestJoin = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan NextProbe = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan LongestSilence = TimeSpan.FromSeconds(15);

    private readonly LaneCase _measured;
    private readonly Arrivals _arrivals;
    private readonly PartitionShares _shares;
    private readonly CancellationTokenSource _leaving;
    private readonly TaskCompletionSource _failed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _running;
    private volatile TaskCompletionSource _open = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private LaneConsumers(ITransportLane lane, string topic, LaneCase measured, Arrivals arrivals, CancellationToken cancellationToken)
    {
        (_measured, _arrivals) = (measured, arrivals);
        _shares = new PartitionShares(measured.Groups, measured.Consumers, measured.Partitions);
        _leaving = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        _open.SetResult();
        _running = Task.WhenAll(
            from @group in Enumerable.Range(0, measured.Groups)
            from member in Enumerable.Range(0, measured.Consumers)
            select RunAsync(lane, topic, @group, member));
    }

    /// <summary>Starts them; returns when each has its share of the partitions.</summary>
    /// <exception cref="LabException">They did not come to that.</exception>
    public static async Task<LaneConsumers> JoinAsync(
        ITransportLane lane, string topic, LaneCase measured, Arrivals arrivals, CancellationToken cancellationToken)
    {
        var consumers = new LaneConsumers(lane, topic, measured, arrivals, cancellationToken);
        try
        {
            await consumers.ShareAsync(lane, topic, cancellationToken);
            return consumers;
        }
        catch
        {
            await consumers.DisposeAsync();
            throw;
        }
    }

    /// <summary>From now on whoever gets a message that counts waits with it.</summary>
    public void Hold() => _open = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>All go on.</summary>
    public void Release() => _open.TrySetResult();

    /// <summary>Waits until every group has every message.</summary>
    /// <exception cref="LabException">A consumer failed, or messages are missing and none has come for a while.</exception>
    public async Task<Measurement> TakenAsync(CancellationToken cancellationToken)
    {
        for (var before = -1; !_arrivals.All.IsCompleted; before = _arrivals.Total)
        {
            if (before == _arrivals.Total) throw new LabException($"{_measured}: no more messages came, {_arrivals}");
            await WaitAsync(_arrivals.All, LongestSilence, cancellationToken);
        }

        return await _arrivals.All;
    }

    /// <summary>Leaves the groups.</summary>
    public async Task LeaveAsync()
    {
        await _leaving.CancelAsync();
        await _running;
    }

    public async ValueTask DisposeAsync()
    {
        await _leaving.CancelAsync();
        Release();
        // What failed is known to whoever waited for it, or was told by leaving.
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _leaving.Dispose();
    }

    private async Task RunAsync(ITransportLane lane, string topic, int group, int member)
    {
        try
        {
            await lane.ConsumeAsync(topic, $"lab-{group}-{topic.Replace('.', '-')}", member, _measured.Consumers, (_, bodies) => HandleAsync(group, member, bodies), _leaving.Token);
            if (!_leaving.IsCancellationRequested) throw new LabException($"{_measured}: a consumer ended by itself");
        }
        catch (OperationCanceledException) when (_leaving.IsCancellationRequested)
        {
            // The end that was asked for.
        }
        catch (Exception failure)
        {
            _failed.TrySetException(failure);
            throw;
        }
    }

    private async Task HandleAsync(int group, int member, IReadOnlyList<ReadOnlyMemory<byte>> bodies)
    {
        var now = Stopwatch.GetTimestamp();
        var counted = bodies.Count;
        foreach (var body in bodies)
        {
            if (!LaneMessages.TryReadProbe(body.Span, out var partition, out var round)) continue;
            _shares.Note(group, member, partition, round);
            counted--;
        }

        if (counted == 0) return;
        if (_open.Task is { IsCompleted: false } closed) await closed;
        _arrivals.Add(group, bodies, now);
    }

    private async Task ShareAsync(ITransportLane lane, string topic, CancellationToken cancellationToken)
    {
        for (var began = Stopwatch.GetTimestamp(); ;)
        {
            var (round, shown) = _shares.Next();
            await lane.PublishAsync(LaneMessages.Probes(topic, _measured.Partitions, round), cancellationToken);
            if (await WaitAsync(shown, NextProbe, cancellationToken) && _shares.AreEven()) return;
            if (Stopwatch.GetElapsedTime(began) > LongestJoin) throw new LabException($"{_measured}: the consumers did not share the partitions within {LongestJoin.TotalSeconds:0} s");
        }
    }

    /// <summary>False when the time is over first.</summary>
    private async Task<bool> WaitAsync(Task awaited, TimeSpan longest, CancellationToken cancellationToken)
    {
        var either = Task.WhenAny(awaited, _failed.Task);
        try
        {
            await (await either.WaitAsync(longest, cancellationToken));
            return true;
        }
        catch (TimeoutException) when (!either.IsCompleted)
        {
            return false;
        }
    }
}
