using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Messaging.Postgres;

/// <summary>A message's attributes as the JSON object that is stored in a <c>jsonb</c> column, and back.</summary>
internal static class StoredAttributes
{
    /// <summary>The CloudEvents attributes of a message.</summary>
    public static string Of(Message message) =>
        Write(message, static (message, writer) => CloudEvents.Write(message, writer, static (writer, name, value) => writer.WriteString(name, value)));

    /// <summary>Attributes as they arrived; what the database cannot store is replaced, see <see cref="StoredText.Readable"/>.</summary>
    public static string Of(IReadOnlyList<KeyValuePair<string, string>> attributes) => Write(attributes, static (attributes, writer) =>
    {
        foreach (var (name, value) in attributes)
            writer.WriteString(StoredText.Readable(name), StoredText.Readable(value));
    });

    /// <summary>Writes the CloudEvents attributes of a message, in UTF-8.</summary>
    public static void Write(Message message, IBufferWriter<byte> buffer) =>
        Write(message, buffer, static (message, writer) => CloudEvents.Write(message, writer, static (writer, name, value) => writer.WriteString(name, value)));

    /// <summary>The names and values of a stored object. A value that is no string is given as its JSON text.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(string json)
    {
        using var document = JsonDocument.Parse(json);
        return Read(document);
    }

    /// <summary>The names and values of an object in UTF-8.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(ReadOnlyMemory<byte> json)
    {
        using var document = JsonDocument.Parse(json);
        return document.RootElement.ValueKind is JsonValueKind.Object ? Read(document) : throw new JsonException("It is a JSON value of another kind.");
    }

    private static IReadOnlyList<KeyValuePair<string, string>> Read(JsonDocument document) =>
        [.. document.RootElement.EnumerateObject().Select(property => KeyValuePair.Create(property.Name, property.Value.ToString()))];

    private static string Write<T>(T attributes, Action<T, Utf8JsonWriter> write)
    {
        var buffer = new ArrayBufferWriter<byte>(512);
        Write(attributes, buffer, write);
        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static void Write<T>(T attributes, IBufferWriter<byte> buffer, Action<T, Utf8JsonWriter> write)
    {
        using var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { SkipValidation = true });
        writer.WriteStartObject();
        write(attributes, writer);
        writer.WriteEndObject();
    }
}
