using System.Diagnostics.CodeAnalysis;
using System.Globalization;

namespace Messaging;

/// <summary>
/// The CloudEvents 1.0 binary content mode: a message's attributes as names and values and back.
/// The names carry no prefix here; a transport adds and strips its binding's own (<c>ce_</c> on Kafka, <c>ce-</c> on NATS)
/// except for <see cref="ContentType"/>, which both bindings carry as it is.
/// </summary>
public static class CloudEvents
{
    /// <summary>The one attribute that travels without a prefix: it is <c>datacontenttype</c>.</summary>
    public const string ContentType = "content-type";

    /// <summary>The version of the specification, in every message.</summary>
    public const string SpecVersion = "1.0";

    private static readonly HashSet<string> Known = new(StringComparer.Ordinal)
    {
        "specversion", "id", "type", "source", "subject", "time", "dataschema", ContentType,
        "partitionkey", "correlationid", "causationid", "traceparent", "tracestate",
    };

    /// <summary>Calls <paramref name="write"/> once for each attribute that the message has.</summary>
    public static void Write<TState>(Message message, TState state, Action<TState, string, string> write)
    {
        ArgumentNullException.ThrowIfNull(message);
        ArgumentNullException.ThrowIfNull(write);
        write(state, "specversion", SpecVersion);
        write(state, "id", message.Id);
        write(state, "type", message.Type);
        write(state, "source", message.Source);
        write(state, "time", TextOf(message.Time));
        write(state, "partitionkey", message.PartitionKey);
        write(state, ContentType, message.DataContentType);
        WriteOptional("dataschema", message.DataSchema);
        WriteOptional("subject", message.Subject);
        WriteOptional("correlationid", message.CorrelationId);
        WriteOptional("causationid", message.CausationId);
        WriteOptional("traceparent", message.TraceParent);
        WriteOptional("tracestate", message.TraceState);
        foreach (var (name, value) in message.Extensions)
            write(state, name, value);

        void WriteOptional(string name, string? value)
        {
            if (value is not null)
                write(state, name, value);
        }
    }

    /// <summary>
    /// Reads a message back. False, with a sentence that says what is wrong, when a required attribute is missing or unreadable.
    /// Attributes it does not know become <see cref="Message.Extensions"/>.
    /// </summary>
    /// <param name="attributes">Names without prefix, in the order received; a name given twice counts once, the last one.</param>
    /// <param name="body">The body, kept as it is.</param>
    /// <param name="message">The message, when the result is true.</param>
    /// <param name="error">What is wrong, when the result is false.</param>
    public static bool TryRead(
        IReadOnlyList<KeyValuePair<string, string>> attributes,
        ReadOnlyMemory<byte> body,
        [NotNullWhen(true)] out Message? message,
        [NotNullWhen(false)] out string? error)
    {
        ArgumentNullException.ThrowIfNull(attributes);
        var values = new Dictionary<string, string>(attributes.Count, StringComparer.Ordinal);
        foreach (var (name, value) in attributes)
            values[name] = value;

        message = null;
        error = FirstMissing(values, "id", "type", "source", "partitionkey");
        if (error is not null)
            return false;

        if (values.TryGetValue("specversion", out var version) && version != SpecVersion)
        {
            error = $"specversion is '{version}', only {SpecVersion} is understood";
            return false;
        }

        if (!TryReadTime(values, out var time))
        {
            error = $"attribute time is missing or not an RFC 3339 time: '{values.GetValueOrDefault("time")}'";
            return false;
        }

        message = new Message
        {
            Id = values["id"],
            Type = values["type"],
            Source = values["source"],
            Time = time,
            PartitionKey = values["partitionkey"],
            Body = body,
            DataContentType = values.GetValueOrDefault(ContentType, "application/json"),
            DataSchema = values.GetValueOrDefault("dataschema"),
            Subject = values.GetValueOrDefault("subject"),
            CorrelationId = values.GetValueOrDefault("correlationid"),
            CausationId = values.GetValueOrDefault("causationid"),
            TraceParent = values.GetValueOrDefault("traceparent"),
            TraceState = values.GetValueOrDefault("tracestate"),
        };
        if (values.Keys.Any(name => !Known.Contains(name)))
        {
            message = message with
            {
                Extensions = values.Where(pair => !Known.Contains(pair.Key)).ToDictionary(StringComparer.Ordinal),
            };
        }

        return true;
    }

    /// <summary>A time as attributes carry it: RFC 3339, UTC, to the microsecond.</summary>
    internal static string TextOf(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'Z'", CultureInfo.InvariantCulture);

    private static string? FirstMissing(Dictionary<string, string> values, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (!values.TryGetValue(name, out var value) || value.Length == 0)
                return $"attribute {name} is missing";
        }

        return null;
    }

    private static bool TryReadTime(Dictionary<string, string> values, out DateTimeOffset time)
    {
        time = default;
        return values.TryGetValue("time", out var text)
            && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out time);
    }
}
