using System.Buffers;
using System.Text;
using System.Text.Json;

namespace Messaging.Postgres;

/// <summary>A message's attributes as the JSON object that is stored in a <c>jsonb</c> column, and back.</summary>
internal static class StoredAttributes
{
    /// <summary>The CloudEvents attributes of a message; what the database cannot store is replaced, see <see cref="StoredText.Readable"/>.</summary>
    public static string Of(Message message) => Write(message, static (message, writer) => CloudEvents.Write(message, writer, WriteStorable));

    /// <summary>Attributes as they arrived; what the database cannot store is replaced, see <see cref="StoredText.Readable"/>.</summary>
    public static string Of(IReadOnlyList<KeyValuePair<string, string>> attributes) => Write(attributes, static (attributes, writer) =>
    {
        foreach (var (name, value) in attributes)
            WriteStorable(writer, name, value);
    });

    /// <summary>Writes the CloudEvents attributes of a message, in UTF-8, likewise.</summary>
    public static void Write(Message message, IBufferWriter<byte> buffer) =>
        Write(message, buffer, static (message, writer) => CloudEvents.Write(message, writer, WriteStorable));

    /// <summary>The names and values of a stored object.</summary>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(string json) => Read(Encoding.UTF8.GetBytes(json));

    /// <summary>The names and values of an object in UTF-8. A value that is no string is given as its JSON text.</summary>
    /// <exception cref="JsonException">It is no JSON object.</exception>
    public static IReadOnlyList<KeyValuePair<string, string>> Read(ReadOnlyMemory<byte> json)
    {
        var attributes = new List<KeyValuePair<string, string>>(16);
        var reader = new Utf8JsonReader(json.Span);
        if (!reader.Read() || reader.TokenType != JsonTokenType.StartObject)
            throw new JsonException("It is a JSON value of another kind.");
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var name = reader.GetString()!;
            reader.Read();
            attributes.Add(KeyValuePair.Create(name, reader.TokenType == JsonTokenType.String ? reader.GetString()! : TextOf(ref reader, json.Span)));
        }

        return attributes;
    }

    private static string TextOf(ref Utf8JsonReader reader, ReadOnlySpan<byte> json)
    {
        var start = (int)reader.TokenStartIndex;
        reader.Skip();
        return Encoding.UTF8.GetString(json[start..(int)reader.BytesConsumed]);
    }

    // Our own messages, too, carry what a peer has sent: its ids and keys, and in dead letters all its attributes.
    private static void WriteStorable(Utf8JsonWriter writer, string name, string value) =>
        writer.WriteString(StoredText.Readable(name), StoredText.Readable(value));

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
