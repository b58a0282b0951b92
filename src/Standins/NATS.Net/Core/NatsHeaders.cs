using System.Collections;
using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace Standins.NATS.Client.Core;

/// <summary>
/// The headers of a message: names (compared without case) to one or more values. Not safe for concurrent use; publishing with
/// JetStream options writes into the instance, so use a new one per publish.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The name is the official API's.")]
public class NatsHeaders : IDictionary<string, StringValues>
{
    private readonly Dictionary<string, StringValues> _values;

    /// <summary>The status messages JetStream is known to send.</summary>
    [SuppressMessage("Design", "CA1034:Nested types should not be visible", Justification = "The nesting is the official API's.")]
    public enum Messages
    {
        /// <summary>Any other text.</summary>
        Text,

        /// <summary>The pull request is alive though nothing is to be delivered.</summary>
        IdleHeartbeat,

        /// <summary>The pull request could not be understood.</summary>
        BadRequest,

        /// <summary>The consumer was deleted.</summary>
        ConsumerDeleted,

        /// <summary>The consumer cannot be pulled.</summary>
        ConsumerIsPushBased,

        /// <summary>A pull that does not wait found nothing.</summary>
        NoMessages,

        /// <summary>The pull request expired.</summary>
        RequestTimeout,

        /// <summary>The next message does not fit the pull request.</summary>
        MessageSizeExceedsMaxBytes,

        /// <summary>A pull that does not wait was refused because others wait.</summary>
        RequestsPending,
    }

    /// <summary>Empty headers.</summary>
    public NatsHeaders() => _values = new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);

    /// <summary>Empty headers with room for <paramref name="capacity"/> names.</summary>
    public NatsHeaders(int capacity) => _values = new Dictionary<string, StringValues>(capacity, StringComparer.OrdinalIgnoreCase);

    /// <summary>Headers over an existing dictionary, which is not copied.</summary>
    [SuppressMessage("Design", "MA0016:Prefer using collection abstraction instead of implementation", Justification = "The shape is the official API's.")]
    public NatsHeaders(Dictionary<string, StringValues>? store) => _values = store ?? new Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase);

    /// <summary>The version of the header block, always 1.</summary>
    [SuppressMessage("Performance", "CA1822:Mark members as static", Justification = "The shape is the official API's.")]
    public int Version => 1;

    /// <summary>The status code of a protocol message, 0 for an ordinary one.</summary>
    public int Code { get; internal set; }

    /// <summary>The status text of a protocol message.</summary>
    public string MessageText { get; internal set; } = string.Empty;

    /// <summary>The status text as one of the known messages.</summary>
    public Messages Message { get; internal set; }

    /// <summary>Why the message's payload could not be deserialised, if it could not.</summary>
    public NatsException? Error { get; internal set; }

    /// <inheritdoc />
    public int Count => _values.Count;

    /// <inheritdoc />
    public bool IsReadOnly => false;

    /// <inheritdoc />
    public ICollection<string> Keys => _values.Keys;

    /// <inheritdoc />
    public ICollection<StringValues> Values => _values.Values;

    /// <summary>The values of a name: <see cref="StringValues.Empty"/> when absent; setting an empty value removes the name.</summary>
    public StringValues this[string key]
    {
        get => _values.TryGetValue(key, out var value) ? value : StringValues.Empty;
        set
        {
            if (value.Count == 0)
            {
                _values.Remove(key);
            }
            else
            {
                _values[key] = value;
            }
        }
    }

    /// <inheritdoc />
    public void Add(string key, StringValues value) => _values.Add(key, value);

    /// <inheritdoc />
    public void Add(KeyValuePair<string, StringValues> item) => _values.Add(item.Key, item.Value);

    /// <inheritdoc />
    public void Clear() => _values.Clear();

    /// <inheritdoc />
    public bool Contains(KeyValuePair<string, StringValues> item) => _values.TryGetValue(item.Key, out var value) && value.Equals(item.Value);

    /// <inheritdoc />
    public bool ContainsKey(string key) => _values.ContainsKey(key);

    /// <inheritdoc />
    public void CopyTo(KeyValuePair<string, StringValues>[] array, int arrayIndex) =>
        ((ICollection<KeyValuePair<string, StringValues>>)_values).CopyTo(array, arrayIndex);

    /// <inheritdoc />
    public bool Remove(string key) => _values.Remove(key);

    /// <inheritdoc />
    public bool Remove(KeyValuePair<string, StringValues> item) => Contains(item) && _values.Remove(item.Key);

    /// <inheritdoc />
    public bool TryGetValue(string key, out StringValues value) => _values.TryGetValue(key, out value);

    /// <summary>The last value of a name.</summary>
    public bool TryGetLastValue(string key, [NotNullWhen(true)] out string? value)
    {
        value = _values.TryGetValue(key, out var values) && values.Count > 0 ? values[^1] : null;
        return value is not null;
    }

    /// <summary>Enumerates without allocating.</summary>
    public Dictionary<string, StringValues>.Enumerator GetEnumerator() => _values.GetEnumerator();

    IEnumerator<KeyValuePair<string, StringValues>> IEnumerable<KeyValuePair<string, StringValues>>.GetEnumerator() => GetEnumerator();

    IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();
}
