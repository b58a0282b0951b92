using System.Text;
using Confluent.Kafka;

namespace Messaging.Kafka;

/// <summary>
/// A bucket as a compacted topic of one partition, read from the beginning into a view before the first answer, and followed
/// from then on. A write returns when the view has it, so that who writes sees it. The revision is the offset plus one. Kafka has
/// no compare-and-set on a record, so there are no conditional writes. How long a value lives is the reader's to judge, by the
/// record's time. Thread-safe.
/// </summary>
internal sealed class KafkaBucket : IKeyValueBucket
{
    private readonly BucketDefinition _definition;
    private readonly string _transport;
    private readonly TopicPartition _partition;
    private readonly KafkaPublisher _publisher;
    private readonly BucketView _view;
    private readonly CancellationTokenSource _closing;
    private readonly TaskCompletionSource _caughtUp = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _following;

    private KafkaBucket(BucketDefinition definition, KafkaTransport transport, KafkaPublisher publisher, TimeProvider time, CancellationToken closing)
    {
        (_definition, _transport, _publisher) = (definition, transport.Name, publisher);
        _partition = new TopicPartition(TopicOf(definition), 0);
        _view = new BucketView(definition, time);
        _closing = CancellationTokenSource.CreateLinkedTokenSource(closing);
        _following = FollowAsync(transport.CreateReader(new ReadRequest(_partition.Topic, ReadFrom.Beginning, ReadUntil.Live)), _closing.Token);
    }

    public string Name => _definition.Name;

    public static async Task<IKeyValueBucket> OpenAsync(
        BucketDefinition definition, KafkaTransport transport, KafkaTopics topics, KafkaPublisher publisher, TimeProvider time,
        CancellationToken closing, CancellationToken cancellationToken)
    {
        var settings = new Dictionary<string, string>(StringComparer.Ordinal) { ["cleanup.policy"] = "compact" };
        if (definition.TimeToLive > TimeSpan.Zero)
        {
            settings["cleanup.policy"] = "compact,delete";
            settings["retention.ms"] = ((long)definition.TimeToLive.TotalMilliseconds).ToString(System.Globalization.CultureInfo.InvariantCulture);
        }

        await topics.EnsureOwnAsync(new TopicDefinition(TopicOf(definition), 1), settings, cancellationToken);
        var bucket = new KafkaBucket(definition, transport, publisher, time, closing);
        try
        {
            await bucket._caughtUp.Task.WaitAsync(cancellationToken);
            return bucket;
        }
        catch
        {
            await bucket.DisposeAsync();
            throw;
        }
    }

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

    public async ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        return await WriteAsync(key, value.ToArray(), cancellationToken);
    }

    public ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken) =>
        ValueTask.FromException<long>(Refusal("creating a key"));

    public ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long revision, CancellationToken cancellationToken) =>
        ValueTask.FromException<long>(Refusal("updating a key by revision"));

    public async ValueTask DeleteAsync(string key, long? revision, CancellationToken cancellationToken)
    {
        KeyValueNames.CheckKey(key);
        if (revision is not null)
            throw Refusal("deleting a key by revision");
        await WriteAsync(key, null, cancellationToken);
    }

    public IAsyncEnumerable<KeyValueEntry> WatchAsync(CancellationToken cancellationToken) => _view.WatchAsync(cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _closing.CancelAsync();
        await _following;
        _closing.Dispose();
    }

    private static string TopicOf(BucketDefinition definition) => $"buckets.{definition.Name}";

    private async Task<long> WriteAsync(string key, byte[]? value, CancellationToken cancellationToken)
    {
        var record = new Message<byte[], byte[]> { Key = Encoding.UTF8.GetBytes(key), Value = value! };
        var revision = await _publisher.PublishAsync(_partition, record, cancellationToken) + 1;
        await _view.AppliedAsync(revision, cancellationToken);
        return revision;
    }

    private async Task FollowAsync(KafkaReader reader, CancellationToken closing)
    {
        try
        {
            await foreach (var record in reader.ReadRecordsAsync(closing, closing))
            {
                if (record is null)
                    _caughtUp.TrySetResult();
                else if (record.Partition == _partition.Partition && record.Message.Key is not null)
                    _view.Apply(ToEntry(record));
            }
        }
#pragma warning disable CA1031 // Whoever asks next is told.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            _view.Fail(exception);
            _caughtUp.TrySetException(exception);
        }
    }

    private static KeyValueEntry ToEntry(ConsumeResult<byte[]?, byte[]?> record) => new(
        Encoding.UTF8.GetString(record.Message.Key!),
        record.Message.Value,
        record.Offset.Value + 1,
        new DateTimeOffset(record.Message.Timestamp.UtcDateTime),
        IsDeleted: record.Message.Value is null);

    private CapabilityMissingException Refusal(string needed) => new(_transport, nameof(TransportCapabilities.ConditionalWrites), needed);
}
