using System.Text.RegularExpressions;

namespace Messaging;

/// <summary>Optional facet of a transport: small values by key, kept by the broker, with changes to watch. Thread-safe.</summary>
public interface IKeyValue
{
    /// <summary>Opens a bucket and makes it where it is missing.</summary>
    /// <exception cref="ArgumentException">The name is none, the history below 1 or the time to live negative.</exception>
    /// <exception cref="CapabilityMissingException">The definition asks for what the transport cannot do.</exception>
    /// <exception cref="TransportException">The broker cannot be reached, refuses, or holds the bucket with other settings.</exception>
    Task<IKeyValueBucket> OpenBucketAsync(BucketDefinition definition, CancellationToken cancellationToken);
}

/// <summary>A bucket of keys and values.</summary>
/// <param name="Name">Lower-case letters, digits and hyphens.</param>
public sealed record BucketDefinition(string Name)
{
    /// <summary>How long a value lives after its last change. Default zero: for ever.</summary>
    public TimeSpan TimeToLive { get; init; }

    /// <summary>How many values of a key are kept, the current one included, at least 1. Default 1.</summary>
    public int History { get; init; } = 1;
}

/// <summary>
/// An open bucket. Keys are letters, digits and <c>-_./=</c>, without a dot at either end. A revision is the place of a change in
/// the bucket; it grows, with gaps. Who has written sees it in what he gets next. Thread-safe; dispose it to close. Every call
/// throws an <see cref="ArgumentException"/> for what is no key, and a <see cref="TransportException"/> when the broker has to be
/// asked and cannot be reached or refuses.
/// </summary>
public interface IKeyValueBucket : IAsyncDisposable
{
    /// <summary>The bucket's name.</summary>
    string Name { get; }

    /// <summary>The current entry; null when there is none, or it was deleted or has expired.</summary>
    ValueTask<KeyValueEntry?> GetAsync(string key, CancellationToken cancellationToken);

    /// <summary>The entries of a key that are still kept, oldest first, deletions included.</summary>
    ValueTask<IReadOnlyList<KeyValueEntry>> GetHistoryAsync(string key, CancellationToken cancellationToken);

    /// <summary>Writes a value, whatever was there.</summary>
    /// <returns>The new revision.</returns>
    ValueTask<long> PutAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken);

    /// <summary>Writes a value where there is none (never, or deleted).</summary>
    /// <returns>The new revision.</returns>
    /// <exception cref="KeyValueConflictException">There is one.</exception>
    /// <exception cref="CapabilityMissingException">No <see cref="TransportCapabilities.ConditionalWrites"/>.</exception>
    ValueTask<long> CreateAsync(string key, ReadOnlyMemory<byte> value, CancellationToken cancellationToken);

    /// <summary>Writes a value if the key's last change is <paramref name="revision"/>.</summary>
    /// <returns>The new revision.</returns>
    /// <exception cref="KeyValueConflictException">It is not.</exception>
    /// <exception cref="CapabilityMissingException">No <see cref="TransportCapabilities.ConditionalWrites"/>.</exception>
    ValueTask<long> UpdateAsync(string key, ReadOnlyMemory<byte> value, long revision, CancellationToken cancellationToken);

    /// <summary>Deletes a value, if its last change is <paramref name="revision"/> where one is given. Nothing there: nothing happens.</summary>
    /// <exception cref="KeyValueConflictException">The key has another revision.</exception>
    /// <exception cref="CapabilityMissingException">A revision is given and there are no <see cref="TransportCapabilities.ConditionalWrites"/>.</exception>
    ValueTask DeleteAsync(string key, long? revision, CancellationToken cancellationToken);

    /// <summary>
    /// First the current entry of each key, then every change in order, deletions included, until the token is cancelled. Who
    /// watches slowly may get only the last of several changes of a key.
    /// </summary>
    IAsyncEnumerable<KeyValueEntry> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>The state of a key after one change.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; empty for a deletion.</param>
/// <param name="Revision">The place of the change in the bucket.</param>
/// <param name="Time">When the broker took the change.</param>
/// <param name="IsDeleted">The change was a deletion.</param>
public sealed record KeyValueEntry(string Key, ReadOnlyMemory<byte> Value, long Revision, DateTimeOffset Time, bool IsDeleted = false);

/// <summary>Somebody else has changed the key meanwhile. Get it again, decide again.</summary>
public sealed class KeyValueConflictException : TransportException
{
    /// <summary>Makes one.</summary>
    /// <param name="bucket">The bucket.</param>
    /// <param name="key">The key.</param>
    /// <param name="expected">The revision that was expected; null: that there is none.</param>
    /// <param name="innerException">What the broker said.</param>
    public KeyValueConflictException(string bucket, string key, long? expected, Exception? innerException = null)
        : base($"Key {key} of bucket {bucket} {(expected is null ? "exists already" : $"is not at revision {expected} any more")}.", innerException) =>
        (Bucket, Key, Expected) = (bucket, key, expected);

    /// <summary>The bucket.</summary>
    public string Bucket { get; }

    /// <summary>The key.</summary>
    public string Key { get; }

    /// <summary>The revision that was expected; null: that there is none.</summary>
    public long? Expected { get; }
}

/// <summary>Checks names, the same on every transport.</summary>
internal static partial class KeyValueNames
{
    public static void CheckKey(string key)
    {
        ArgumentNullException.ThrowIfNull(key);
        if (!Key().IsMatch(key))
            throw new ArgumentException($"'{key}' is no key: letters, digits and -_./= only, no dot at either end.", nameof(key));
    }

    public static void CheckDefinition(BucketDefinition definition, string transport, bool history)
    {
        ArgumentNullException.ThrowIfNull(definition);
        if (!Bucket().IsMatch(definition.Name))
            throw new ArgumentException($"'{definition.Name}' is no bucket name: lower-case letters, digits and hyphens only.", nameof(definition));
        ArgumentOutOfRangeException.ThrowIfLessThan(definition.History, 1, nameof(definition));
        ArgumentOutOfRangeException.ThrowIfLessThan(definition.TimeToLive, TimeSpan.Zero, nameof(definition));
        if (definition.History > 1 && !history)
            throw new CapabilityMissingException(transport, nameof(TransportCapabilities.KeyValueHistory), $"bucket {definition.Name} with a history of {definition.History}");
    }

    [GeneratedRegex("^[A-Za-z0-9_/=-]+(\\.[A-Za-z0-9_/=-]+)*$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Key();

    [GeneratedRegex("^[a-z0-9-]+$", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Bucket();
}
