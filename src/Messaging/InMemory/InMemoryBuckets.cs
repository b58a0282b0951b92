using System.Runtime.CompilerServices;

namespace Messaging;

/// <summary>The buckets of an <see cref="InMemoryBroker"/>. Thread-safe.</summary>
internal sealed class InMemoryBuckets(TimeProvider time)
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, InMemoryBucket> _buckets = new(StringComparer.Ordinal);

    public InMemoryBucket Open(BucketDefinition definition)
    {
        lock (_lock)
        {
            if (!_buckets.TryGetValue(definition.Name, out var bucket))
                _buckets.Add(definition.Name, bucket = new InMemoryBucket(definition, time));
            return bucket.Definition == definition
                ? bucket
                : throw new TransportException($"Bucket {definition.Name} exists with other settings: {bucket.Definition}.");
        }
    }
}

/// <summary>A bucket in memory. Thread-safe; closing it does nothing, because it is everybody's.</summary>
internal sealed class InMemoryBucket(BucketDefinition definition, TimeProvider time) : IKeyValueBucket
{
    private readonly Lock _lock = new();
    private readonly Dictionary<string, List<KeyValueEntry>> _entries = new(StringComparer.Ordinal);
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private long _revision;

    public BucketDefinition Definition => definition;

    public string Name => definition.Name;

    public ValueTask<KeyValueEntry?> GetAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
            return new(Current(key));
    }

    public ValueTask<IReadOnlyList<KeyValueEntry>> GetHistoryAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
            return new([.. Of(key).Where(IsAlive)]);
    }

    public ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
            return new(Write(key, value, isDeleted: false));
    }

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
        {
            return Current(key) is null
                ? new(Write(key, value, isDeleted: false))
                : throw new KeyValueConflictException(Name, key, expected: null);
        }
    }

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long revision, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
        {
            Expect(key, revision);
            return new(Write(key, value, isDeleted: false));
        }
    }

    public ValueTask DeleteAsync(string key, long? revision, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        lock (_lock)
        {
            if (revision is { } expected)
                Expect(key, expected);
            if (Current(key) is not null)
                Write(key, default, isDeleted: true);
        }

        return ValueTask.CompletedTask;
    }

    public async IAsyncEnumerable<KeyValueEntry> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        long seen = -1;
        while (true)
        {
            KeyValueEntry[] news;
            Task changed;
            lock (_lock)
            {
                // At first only what is there; from then on deletions, too.
                news = [.. _entries.Values.Select(entries => entries[^1])
                    .Where(entry => entry.Revision > seen && IsAlive(entry) && (seen >= 0 || !entry.IsDeleted))
                    .OrderBy(entry => entry.Revision)];
                (seen, changed) = (_revision, _changed.Task);
            }

            foreach (var entry in news)
                yield return entry;
            await changed.WaitAsync(cancellationToken);
        }
    }

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private List<KeyValueEntry> Of(string key) => _entries.GetValueOrDefault(key, []);

    private KeyValueEntry? Current(string key) =>
        Of(key).LastOrDefault() is { IsDeleted: false } last && IsAlive(last) ? last : null;

    private bool IsAlive(KeyValueEntry entry) => definition.TimeToLive == TimeSpan.Zero || time.GetUtcNow() - entry.Time < definition.TimeToLive;

    private void Expect(string key, long revision)
    {
        if (Of(key).LastOrDefault()?.Revision != revision)
            throw new KeyValueConflictException(Name, key, revision);
    }

    private long Write(string key, ReadOnlyMemory<byte> value, bool isDeleted)
    {
        if (!_entries.TryGetValue(key, out var entries))
            _entries.Add(key, entries = []);
        entries.Add(new KeyValueEntry(key, value.ToArray(), ++_revision, time.GetUtcNow(), isDeleted));
        if (entries.Count > definition.History)
            entries.RemoveAt(0);
        _changed.SetResult();
        _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return _revision;
    }
}
