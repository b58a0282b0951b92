using System.Collections.Frozen;
using System.Diagnostics.CodeAnalysis;

namespace Messaging;

/// <summary>One kind of message: its name on the wire, the topic it travels on, the CLR type that stands for it here.</summary>
/// <param name="Name">Stable and versioned, such as <c>inventory.reserve-stock.v1</c>.</param>
/// <param name="Topic">The topic it is published to; empty for a request or a reply, which is never published.</param>
/// <param name="ClrType">The type; it never travels.</param>
/// <param name="KeyOf">The partition key of a message of this kind.</param>
public sealed record MessageDefinition(string Name, string Topic, Type ClrType, Func<object, string> KeyOf);

/// <summary>Every kind of message this process knows, by name and by CLR type. Immutable and thread-safe.</summary>
public sealed class MessageCatalog
{
    private readonly FrozenDictionary<string, MessageDefinition> _byName;
    private readonly FrozenDictionary<Type, MessageDefinition> _byType;

    /// <summary>Makes a catalog.</summary>
    /// <exception cref="ArgumentException">A name or a type is given twice.</exception>
    public MessageCatalog(IEnumerable<MessageDefinition> definitions)
    {
        var all = definitions.ToArray();
        _byName = all.ToFrozenDictionary(definition => definition.Name, StringComparer.Ordinal);
        _byType = all.ToFrozenDictionary(definition => definition.ClrType);
        Topics = all.Select(definition => definition.Topic).Where(topic => topic.Length > 0).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
    }

    /// <summary>The topics of all definitions, each once.</summary>
    public IReadOnlyList<string> Topics { get; }

    /// <summary>The definition behind a name on the wire.</summary>
    public bool TryFind(string name, [NotNullWhen(true)] out MessageDefinition? definition) => _byName.TryGetValue(name, out definition);

    /// <summary>The definition of a CLR type.</summary>
    /// <exception cref="InvalidOperationException">The type is in no definition: it cannot be sent.</exception>
    public MessageDefinition Of(Type clrType) => _byType.TryGetValue(clrType, out var definition)
        ? definition
        : throw new InvalidOperationException($"{clrType} is not in the message catalog; add a MessageDefinition for it.");
}
