using System.Diagnostics.CodeAnalysis;
using Microsoft.Extensions.Primitives;

namespace Standins.NATS.Client.Core;

/// <summary>
/// The headers of a message: names (compared without case) to one or more values. Not safe for concurrent use; publishing with
/// JetStream options writes into the instance, so use a new one per publish.
/// </summary>
[SuppressMessage("Naming", "CA1710:Identifiers should have correct suffix", Justification = "The name is the official API's.")]
public class NatsHeaders() : Dictionary<string, StringValues>(StringComparer.OrdinalIgnoreCase)
{
    /// <summary>The status code of a protocol message, 0 for an ordinary one.</summary>
    public int Code { get; internal set; }

    /// <summary>The status text of a protocol message.</summary>
    public string MessageText { get; internal set; } = string.Empty;

    /// <summary>Why the message's payload could not be deserialised, if it could not.</summary>
    public NatsException? Error { get; internal set; }

    /// <summary>The values of a name: <see cref="StringValues.Empty"/> when absent; setting an empty value removes the name.</summary>
    public new StringValues this[string key]
    {
        get => TryGetValue(key, out var value) ? value : StringValues.Empty;
        set
        {
            if (value.Count == 0)
                Remove(key);
            else
                base[key] = value;
        }
    }

    /// <summary>The last value of a name.</summary>
    public bool TryGetLastValue(string key, [NotNullWhen(true)] out string? value)
    {
        value = TryGetValue(key, out var values) && values.Count > 0 ? values[^1] : null;
        return value is not null;
    }
}
