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
    private readonly Lock _writing = new();
    private readonly BucketView _view = new(definition, time);
    private long _revision;

    public BucketDefinition Definition => definition;

    public string Name => definition.Name;

    public ValueTask<KeyValueEntry?> GetAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return new(_view.Current(key));
    }

    public ValueTask<IReadOnlyList<KeyValueEntry>> GetHistoryAsync(string key, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return new(_view.History(key));
    }

    public ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        new(Write(key, value, isDeleted: false, () => true));

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        new(Write(key, value, isDeleted: false, () => _view.Current(key) is null ? true : throw new KeyValueConflictException(Name, key, expected: null)));

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long revision, CancellationToken cancellationToken) =>
        new(Write(key, value, isDeleted: false, () => Expect(key, revision)));

    public ValueTask DeleteAsync(string key, long? revision, CancellationToken cancellationToken)
    {
        Write(key, default, isDeleted: true, () => (revision is not { } expected || Expect(key, expected)) && _view.Current(key) is not null);
        return ValueTask.CompletedTask;
    }

    public IAsyncEnumerable<KeyValueEntry> WatchAsync(CancellationToken cancellationToken) => _view.WatchAsync(cancellationToken);

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    private bool Expect(string key, long revision) => _view.Last(key)?.Revision == revision
        ? true
        : throw new KeyValueConflictException(Name, key, revision);

    private long Write(string key, ReadOnlyMemory<byte> value, bool isDeleted, Func<bool> mayBeWritten)
    {
        KeyValueNames.CheckKey(key);
        lock (_writing)
        {
            if (mayBeWritten())
                _view.Apply(new KeyValueEntry(key, value.ToArray(), ++_revision, time.GetUtcNow(), isDeleted));
            return _revision;
        }
    }
}
