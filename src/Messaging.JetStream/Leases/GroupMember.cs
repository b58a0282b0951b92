using System.Collections.Concurrent;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Messaging.JetStream.Leases;

/// <summary>
/// This process as a member of a group on one topic: announces itself, claims its share of the partitions, renews what it holds
/// and gives back what others are short of.
/// </summary>
internal sealed partial class GroupMember : IAsyncDisposable
{
    private readonly GroupRecords _records;
    private readonly Subscription _subscription;
    private readonly IReadOnlyList<PartitionConsumer> _partitions;
    private readonly JetStreamTransportOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<int, Lease> _held = new();
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private readonly CancellationToken _stopping;
    private readonly CancellationToken _aborting;
    private readonly CancellationTokenSource _left = new();
    private Task _watching = Task.CompletedTask;
    private bool _hasJoined;
    private bool _isCutOff;

    /// <summary>A member yet to join.</summary>
    /// <param name="bucket">Where the leases are.</param>
    /// <param name="subscription">The group and its topic.</param>
    /// <param name="partitions">One consumer for each partition of the topic.</param>
    /// <param name="options">Settings.</param>
    /// <param name="time">The clock of the leases.</param>
    /// <param name="logger">Where to log.</param>
    /// <param name="stopping">Leaves the group: what is in hand is finished, settled and given back.</param>
    /// <param name="aborting">Gives up what is in hand.</param>
    public GroupMember(
        LeaseBucket bucket,
        Subscription subscription,
        IReadOnlyList<PartitionConsumer> partitions,
        JetStreamTransportOptions options,
        TimeProvider time,
        ILogger logger,
        CancellationToken stopping,
        CancellationToken aborting)
    {
        (_stopping, _aborting) = (stopping, aborting);
        (_subscription, _partitions, _options, _time, _logger) = (subscription, partitions, options, time, logger);
        _records = new GroupRecords(bucket, subscription, options, time, logger);
    }

    /// <summary>The partitions this process owns now.</summary>
    public IEnumerable<PartitionConsumer> Owned => _held.Keys.Select(partition => _partitions[partition]);

    // Often enough that one renewal may fail, and that a dead owner is replaced within five seconds.
    private TimeSpan Interval => _options.LeaseDuration / 4;

    /// <summary>Joins the group, and begins to consume what is free.</summary>
    /// <exception cref="NatsException">The server refuses.</exception>
    /// <exception cref="TimeoutException">The server does not answer.</exception>
    public async Task JoinAsync()
    {
        try
        {
            await _records.AnnounceAsync(_stopping);
            _watching = _records.WatchAsync(Wake, Interval, _left.Token);
            await _records.SeenAsync(_options.RequestTimeout, _stopping);
            await RenewWhileAsync(BalanceAsync(consumer => consumer.OpenAsync(_stopping), _stopping));
            _hasJoined = true;
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // What has begun already is finished like any other.
        }
        catch
        {
            _records.Forget(); // Whoever joins next looks whether the bucket is still there.
            throw;
        }
    }

    /// <summary>Stays a member until it is to stop. After <see cref="JoinAsync"/>, once.</summary>
    public async Task RunAsync()
    {
        await using var waking = _stopping.Register(Wake);
        await using var losing = _aborting.Register(Lose);
        while (!_stopping.IsCancellationRequested || !_held.IsEmpty)
        {
            using var interval = new CancellationTokenSource(Interval, _time);
            Task woken = _wake.Reader.WaitToReadAsync(interval.Token).AsTask();
            await woken.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            _wake.Reader.TryRead(out _);
            await TryAsync(StepAsync);
        }

        await TryAsync(_records.WithdrawAsync);
    }

    public async ValueTask DisposeAsync()
    {
        await _left.CancelAsync();
        await _watching;
        Lose();
        foreach (var lease in _held.Values)
        {
            await lease.Work;
            lease.Dispose();
        }

        _left.Dispose();
    }

    private void Wake() => _wake.Writer.TryWrite(true);

    private void Lose()
    {
        foreach (var lease in _held.Values)
            lease.Lose();
    }

    /// <summary>Renews, gives back and claims.</summary>
    private async Task StepAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(_held.Values.Where(lease => lease.Work.IsCompleted).Select(lease => GiveBackAsync(lease, cancellationToken)));
        await RenewAllAsync(cancellationToken);
        if (!_stopping.IsCancellationRequested)
            await BalanceAsync(_ => Task.CompletedTask, cancellationToken);
    }

    /// <summary>Without an answer the leases run out by themselves.</summary>
    private async Task TryAsync(Func<CancellationToken, Task> action)
    {
        using var timeout = new CancellationTokenSource(Interval * 2, _time);
        try
        {
            await action(timeout.Token);
            _isCutOff = false;
        }
        catch (Exception exception) when (exception is NatsException or TransportException or OperationCanceledException or ObjectDisposedException)
        {
            _records.Forget();
            if (!_isCutOff)
                LogCutOff(exception, _subscription.Group, _subscription.Topic);
            _isCutOff = true;
        }
    }

    private Task RenewAllAsync(CancellationToken cancellationToken) =>
        Task.WhenAll([_records.AnnounceAsync(cancellationToken), .. _held.Values.Select(lease => RenewAsync(lease, cancellationToken))]);

    /// <summary>Until there is an end of joining: the first partition must not be lost before the last one is open.</summary>
    private async Task RenewWhileAsync(Task joining)
    {
        while (true)
        {
            await joining.WaitAsync(Interval, _time, CancellationToken.None).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            if (joining.IsCompleted)
                break;
            await TryAsync(RenewAllAsync);
        }

        await joining;
    }

    private async Task RenewAsync(Lease lease, CancellationToken cancellationToken)
    {
        if (lease.Lost.IsCancellationRequested || await _records.TryRenewAsync(lease, cancellationToken))
            return;
        LogLost(_subscription.Group, lease.Partition, _subscription.Topic);
        lease.Lose();
    }

    /// <summary>Gives back what is more than the share, claims what is missing to it.</summary>
    /// <param name="begin">Done with each partition that was claimed before it is worked on.</param>
    /// <param name="cancellationToken">Gives up.</param>
    private async Task BalanceAsync(Func<PartitionConsumer, Task> begin, CancellationToken cancellationToken)
    {
        var (rank, members) = _records.FindPlace();
        if (rank < 0)
        {
            _records.Doubt(); // Who does not see itself may be looking at a bucket that another has replaced.
            return;
        }

        var share = (_partitions.Count / members) + (rank < _partitions.Count % members ? 1 : 0);
        var kept = _held.Values.Where(lease => !lease.Ending.IsCancellationRequested).OrderBy(lease => lease.Partition).ToList();
        foreach (var lease in kept.Skip(share))
            lease.Release();
        var missing = share - kept.Count;
        for (var i = 0; i < _partitions.Count && missing > 0; i++)
        {
            // Members begin at different places, so that they seldom want the same.
            var partition = (i + (rank * share)) % _partitions.Count;
            if (!_held.ContainsKey(partition) && await TryClaimAsync(partition, begin, cancellationToken))
                missing--;
        }
    }

    private async Task<bool> TryClaimAsync(int partition, Func<PartitionConsumer, Task> begin, CancellationToken cancellationToken)
    {
        // As its successor only when it joins: two of one name by mistake take a partition from each other once, not for ever.
        if (await _records.TryClaimAsync(partition, asSuccessor: !_hasJoined, cancellationToken) is not { } claim)
            return false;
        var lease = new Lease(partition, claim.Revision, claim.Sent, _options.LeaseDuration, _time, Wake, _stopping);
        _held[partition] = lease;
        await begin(_partitions[partition]);
        lease.Work = WorkAsync(lease);
        return true;
    }

    private async Task WorkAsync(Lease lease)
    {
        await _partitions[lease.Partition].RunAsync(lease);
        Wake();
    }

    private async Task GiveBackAsync(Lease lease, CancellationToken cancellationToken)
    {
        _held.TryRemove(lease.Partition, out _);
        lease.Dispose();
        await _records.GiveBackAsync(lease, cancellationToken);
    }

    [LoggerMessage(EventId = 30, Level = LogLevel.Warning, Message = "Group {Group} cannot renew its leases on {Topic}; without them it stops consuming until it can")]
    private partial void LogCutOff(Exception exception, string group, string topic);

    [LoggerMessage(EventId = 31, Level = LogLevel.Warning, Message = "Group {Group} lost its lease on partition {Partition} of {Topic} to another process")]
    private partial void LogLost(string group, int partition, string topic);
}
