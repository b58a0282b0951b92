using System.Runtime.CompilerServices;

namespace Messaging;

/// <summary>The entries of a bucket as far as they have been applied, and who watches them. Thread-safe.</summary>
internal sealed class BucketView(BucketDefinition definition, TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<KeyValueEntry>> _entries = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = NewSignal();
    private Exception? _failure;
    private long _last;

    /// <summary>Takes over a change; revisions only grow.</summary>
    public void Apply(KeyValueEntry entry)
    {
        lock (_lock)
        {
            if (!_entries.TryGetValue(entry.Key, out var entries))
                _entries.Add(entry.Key, entries = []);
            entries.Add(entry);
            if (entries.Count > definition.History)
                entries.RemoveAt(0);
            _last = entry.Revision;
            Signal();
        }
    }

    /// <summary>No further change will come, and why: from now on every call fails with it.</summary>
    public void Fail(Exception failure)
    {
        lock (_lock)
        {
            _failure = failure;
            Signal();
        }
    }

    /// <summary>The last change of a key, a deletion included; null when there is none, or it has expired.</summary>
    public KeyValueEntry? Last(string key)
    {
        lock (_lock)
        {
            ThrowIfFailed();
            return _entries.GetValueOrDefault(key)?[^1] is { } last && IsAlive(last) ? last : null;
        }
    }

    /// <summary>The value of a key; null when there is none.</summary>
    public KeyValueEntry? Current(string key) => Last(key) is { IsDeleted: false } last ? last : null;

    public IReadOnlyList<KeyValueEntry> History(string key)
    {
        lock (_lock)
        {
            ThrowIfFailed();
            return [.. _entries.GetValueOrDefault(key, []).Where(IsAlive)];
        }
    }

    /// <summary>Waits until the change of a revision has been applied.</summary>
    public async Task AppliedAsync(long revision, CancellationToken cancellationToken)
    {
        while (true)
        {
            Task changed;
            lock (_lock)
            {
                ThrowIfFailed();
                if (_last >= revision)
                    return;
                changed = _changed.Task;
            }

            await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>See <see cref="IKeyValueBucket.WatchAsync"/>.</summary>
    public async IAsyncEnumerable<KeyValueEntry> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long seen = -1;
        while (true)
        {
            KeyValueEntry[] news;
            Task changed;
            lock (_lock)
            {
                ThrowIfFailed();
                // At first only what is there; from then on deletions, too.
                news = [.. _entries.Values.Select(entries => entries[^1])
                    .Where(entry => entry.Revision > seen && IsAlive(entry) && (seen >= 0 || !entry.IsDeleted))
                    .OrderBy(entry => entry.Revision)];
                (seen, changed) = (_last, _changed.Task);
            }

            foreach (var entry in news)
                yield return entry;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private bool IsAlive(KeyValueEntry entry) => definition.TimeToLive == TimeSpan.Zero || time.GetUtcNow() - entry.Time < definition.TimeToLive;

    private void ThrowIfFailed()
    {
        if (_failure is not null)
            throw new TransportException($"Bucket {definition.Name} is not followed any more: {_failure.Message}", _failure);
    }

    private void Signal()
    {
        _changed.SetResult();
        _changed = NewSignal();
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}
