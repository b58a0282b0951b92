using System.Buffers;
using System.Buffers.Text;
using System.Diagnostics.CodeAnalysis;
using System.Text;

namespace Standins.NATS.Client.Core;

/// <summary>
/// Strings, numbers, booleans, <see cref="Guid"/>, <see cref="DateTime"/>, <see cref="DateTimeOffset"/> (round-trip format) and
/// <see cref="TimeSpan"/> as UTF-8 text. An empty payload reads as the type's default. Other types go to the successor.
/// </summary>
[SuppressMessage("Design", "CA1000:Do not declare static members on generic types", Justification = "The shape is the official API's.")]
public class NatsUtf8PrimitivesSerializer<T>(INatsSerializer<T>? next = default) : INatsSerializer<T>
{
    /// <summary>Without a successor.</summary>
    public static readonly NatsUtf8PrimitivesSerializer<T> Default = new();

    private const int MaxText = 128;
    private static readonly Utf8Primitives.Reader<T>? Read = Utf8Primitives.ReaderFor<T>();

    /// <inheritdoc />
    public INatsSerializer<T> CombineWith(INatsSerializer<T> next) => new NatsUtf8PrimitivesSerializer<T>(next);

    /// <inheritdoc />
    public void Serialize(IBufferWriter<byte> bufferWriter, T value)
    {
        ArgumentNullException.ThrowIfNull(bufferWriter);
        if (value is string text)
        {
            Encoding.UTF8.GetBytes(text, bufferWriter);
            return;
        }

        if (Read is null || value is null)
        {
            (next ?? throw new NatsException($"Can't serialize {typeof(T)}")).Serialize(bufferWriter, value);
            return;
        }

        var format = value is DateTime or DateTimeOffset ? "O" : default;
        if (value is bool flag)
            bufferWriter.Write(flag ? "True"u8 : "False"u8);
        else if (((IUtf8SpanFormattable)value).TryFormat(bufferWriter.GetSpan(MaxText), out var written, format, provider: null))
            bufferWriter.Advance(written);
        else
            throw new NatsException($"Can't serialize {typeof(T)}, format error");
    }

    /// <inheritdoc />
    public T? Deserialize(in ReadOnlySequence<byte> buffer)
    {
        if (typeof(T) == typeof(string))
            return buffer.IsEmpty ? default : (T)(object)Encoding.UTF8.GetString(buffer);

        if (Read is null)
            return (next ?? throw new NatsException($"Can't deserialize {typeof(T)}")).Deserialize(buffer);

        if (buffer.IsEmpty)
            return default;

        Span<byte> copy = stackalloc byte[MaxText];
        if (buffer.Length > MaxText)
            throw new NatsException($"Can't deserialize {typeof(T)}: {buffer.Length} bytes");

        buffer.CopyTo(copy);
        return Read(copy[..(int)buffer.Length], out var value) ? value : throw new NatsException($"Can't deserialize {typeof(T)}");
    }
}

/// <summary>Which primitives there are and how each is read.</summary>
internal static class Utf8Primitives
{
    public delegate bool Reader<T>(ReadOnlySpan<byte> text, out T value);

    private delegate bool Parser<T>(ReadOnlySpan<byte> text, out T value, out int consumed, char format = default);

    private static readonly Dictionary<Type, Delegate> Readers = new Delegate[]
    {
        Whole<bool>(Utf8Parser.TryParse), Whole<byte>(Utf8Parser.TryParse), Whole<sbyte>(Utf8Parser.TryParse),
        Whole<short>(Utf8Parser.TryParse), Whole<ushort>(Utf8Parser.TryParse), Whole<int>(Utf8Parser.TryParse),
        Whole<uint>(Utf8Parser.TryParse), Whole<long>(Utf8Parser.TryParse), Whole<ulong>(Utf8Parser.TryParse),
        Whole<float>(Utf8Parser.TryParse), Whole<double>(Utf8Parser.TryParse), Whole<decimal>(Utf8Parser.TryParse),
        Whole<Guid>(Utf8Parser.TryParse), Whole<TimeSpan>(Utf8Parser.TryParse),
        Whole<DateTime>(Utf8Parser.TryParse, 'O'), Whole<DateTimeOffset>(Utf8Parser.TryParse, 'O'),
    }.ToDictionary(reader => reader.GetType().GenericTypeArguments[0]);

    /// <summary>The reader of a primitive; null for any other type.</summary>
    public static Reader<T>? ReaderFor<T>() => (Reader<T>?)Readers.GetValueOrDefault(typeof(T));

    private static Reader<T> Whole<T>(Parser<T> parse, char format = default) =>
        (text, out value) => parse(text, out value, out var consumed, format) && consumed == text.Length;
}
