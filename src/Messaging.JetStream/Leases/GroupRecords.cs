using Microsoft.Extensions.Logging;

namespace Messaging.JetStream.Leases;

/// <summary>
/// The records of a group on one topic, as one member writes and sees them: who is a member, who owns which partition. Every
/// claim and renewal is written against the revision it was decided on, so that of two who want the same only one succeeds, and
/// one who was stopped for too long finds out. Thread-safe.
/// </summary>
internal sealed partial class GroupRecords
{
    private readonly LeaseBucket _bucket;
    private readonly Subscription _subscription;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly GroupView _view;
    private readonly string? _name;
    private readonly string _prefix;
    private readonly string _myKey;
    private readonly string _me;
    private readonly TaskCompletionSource _seen = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _leaseDuration;
    private ulong _announced;
    private long _doubted;

    public GroupRecords(LeaseBucket bucket, Subscription subscription, JetStreamTransportOptions options, TimeProvider time, ILogger logger)
    {
        (_bucket, _subscription, _time, _logger) = (bucket, subscription, time, logger);
        _leaseDuration = options.LeaseDuration;
        _view = new GroupView(options.LeaseDuration, time);
        _prefix = $"{Streams.NameOf(subscription.Topic)}.{Streams.ConsumersOf(subscription.Group)}.";
        var incarnation = Guid.NewGuid().ToString("N");
        _name = options.InstanceId;
        _me = $"{_name}/{incarnation}";
        _myKey = $"{MemberPrefix}{_name ?? incarnation}";
    }

    private string MemberPrefix => _prefix + "m-";

    /// <summary>How many members there are, and which of them this one is, from 0; -1 while it is none.</summary>
    public (int Rank, int Members) FindPlace()
    {
        var members = _view.KeysInForce(MemberPrefix);
        return (members.IndexOf(_myKey), members.Count);
    }

    /// <summary>Says that this member is there. For the first time before <see cref="WatchAsync"/>.</summary>
    public async Task AnnounceAsync(CancellationToken cancellationToken)
    {
        var store = await _bucket.OpenAsync(cancellationToken);
        var revision = await store.PutAsync(_myKey, _me, cancellationToken: cancellationToken);
        if (_announced == 0)
            _announced = revision;
    }

    /// <summary>Says that this member is gone.</summary>
    public async Task WithdrawAsync(CancellationToken cancellationToken) =>
        await (await _bucket.OpenAsync(cancellationToken)).DeleteAsync(_myKey, cancellationToken: cancellationToken);

    /// <summary>Returns when all that was written before this member's first announcement has been seen.</summary>
    public Task SeenAsync(TimeSpan timeout, CancellationToken cancellationToken) => _seen.Task.WaitAsync(timeout, _time, cancellationToken);

    /// <summary>Claims a partition that nobody owns.</summary>
    /// <param name="partition">The partition.</param>
    /// <param name="asSuccessor">Under a name that was given to it, the process takes what it owned before it was started again, in force or not.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>The revision of the claim, and when it was sent; null when the partition is another's.</returns>
    public async Task<(ulong Revision, long Sent)?> TryClaimAsync(int partition, bool asSuccessor, CancellationToken cancellationToken)
    {
        var key = KeyOf(partition);
        var known = _view.Of(key, out var isInForce);
        if (isInForce && !(asSuccessor && IsPredecessor(known!.Holder!)))
            return null;
        var store = await _bucket.OpenAsync(cancellationToken);
        var sent = _time.GetTimestamp();
        try
        {
            return (known is null
                ? await store.CreateAsync(key, _me, cancellationToken: cancellationToken)
                : await store.UpdateAsync(key, _me, known.Revision, cancellationToken: cancellationToken), sent);
        }
        catch (NatsKVException exception) when (exception is NatsKVCreateException or NatsKVWrongLastRevisionException)
        {
            await RefreshAsync(key, cancellationToken);
            return null;
        }
    }

    /// <summary>Renews a lease. False when another has the partition.</summary>
    public async Task<bool> TryRenewAsync(Lease lease, CancellationToken cancellationToken)
    {
        var store = await _bucket.OpenAsync(cancellationToken);
        var sent = _time.GetTimestamp();
        try
        {
            lease.Renew(await store.UpdateAsync(KeyOf(lease.Partition), _me, lease.Revision, cancellationToken: cancellationToken), sent);
            return true;
        }
        catch (NatsKVWrongLastRevisionException)
        {
            // A renewal whose answer was lost has been written by ourselves; the next one builds on it.
            var entry = await RefreshAsync(KeyOf(lease.Partition), cancellationToken);
            if (entry is null)
                Doubt(); // Nobody removes what is in force: another bucket may have taken the place of this one.
            if (entry?.Holder != _me)
                return false;
            lease.Revision = entry.Revision;
            return true;
        }
    }

    /// <summary>Says that a partition is free, unless it is another's already.</summary>
    public async Task GiveBackAsync(Lease lease, CancellationToken cancellationToken)
    {
        try
        {
            var store = await _bucket.OpenAsync(cancellationToken);
            await store.DeleteAsync(KeyOf(lease.Partition), new NatsKVDeleteOpts { Revision = lease.Revision }, cancellationToken);
        }
        catch (NatsKVWrongLastRevisionException)
        {
            // Another's already.
        }
    }

    /// <summary>The bucket is not what it was: opens it anew for the next call.</summary>
    public void Forget() => _bucket.Forget();

    /// <summary>
    /// The bucket may not be what it was: looks at it anew, once in the time of a lease. Every group of the process has to wait meanwhile.
    /// </summary>
    public void Doubt()
    {
        var now = _time.GetTimestamp();
        var before = Interlocked.Read(ref _doubted);
        if ((before == 0 || _time.GetElapsedTime(before, now) >= _leaseDuration) && Interlocked.CompareExchange(ref _doubted, now, before) == before)
            _bucket.Forget();
    }

    /// <summary>Follows what the members write, until the token is cancelled.</summary>
    /// <param name="changed">Called when something is more than a renewal.</param>
    /// <param name="pause">How long to wait after a failure.</param>
    /// <param name="cancellationToken">Ends it.</param>
    public async Task WatchAsync(Action changed, TimeSpan pause, CancellationToken cancellationToken)
    {
        while (!cancellationToken.IsCancellationRequested)
        {
            var replaced = CancellationToken.None;
            try
            {
                var store = await _bucket.OpenAsync(cancellationToken);
                replaced = _bucket.Replaced;
                using var watching = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, replaced);
                await foreach (var entry in store.WatchAsync<string>(_prefix + ">", cancellationToken: watching.Token))
                {
                    if (_view.Apply(LeaseEntry.Of(entry)))
                        changed();
                    if (entry.Key == _myKey && entry.Revision >= _announced)
                        _seen.TrySetResult(); // Entries come in their order: whatever was there before the announcement has been seen.
                }
            }
            catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
            {
                return;
            }
            catch (OperationCanceledException) when (replaced.IsCancellationRequested)
            {
                _view.Clear();
                continue;
            }
#pragma warning disable CA1031 // A member that sees nothing must not stay so: whatever went wrong, it is told and tried anew.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogBlind(exception, _subscription.Group, _subscription.Topic);
                _bucket.Forget();
                _view.Clear();
            }

            await Task.Delay(pause, _time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private string KeyOf(int partition) => $"{_prefix}p{partition}";

    private bool IsPredecessor(string holder) =>
        _name is not null && holder != _me && holder.StartsWith(_name + "/", StringComparison.Ordinal);

    /// <summary>Looks at the server itself, because what is known turned out to be old; null where there is nothing.</summary>
    private async Task<LeaseEntry?> RefreshAsync(string key, CancellationToken cancellationToken)
    {
        var store = await _bucket.OpenAsync(cancellationToken);
        var found = await store.TryGetEntryAsync<string>(key, cancellationToken: cancellationToken);
        if (!found.Success)
        {
            _view.Remove(key);
            return null;
        }

        var entry = LeaseEntry.Of(found.Value);
        _view.Apply(entry);
        return entry;
    }

    [LoggerMessage(EventId = 32, Level = LogLevel.Warning, Message = "Group {Group} does not see the leases on {Topic} and looks again")]
    private partial void LogBlind(Exception exception, string group, string topic);
}
