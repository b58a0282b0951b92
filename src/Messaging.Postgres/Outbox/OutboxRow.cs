using System.Diagnostics.CodeAnalysis;

namespace Messaging.Postgres;

/// <summary>A row taken from the outbox; its attributes are a JSON object in UTF-8.</summary>
internal sealed record OutboxRow(
    long Id, short Lane, Guid? ScheduleToken, string Topic, byte[] Attributes, byte[] Body, DateTime ReadySince)
{
    /// <summary>The message it stands for. False, and what is wrong, when somebody wrote a row that is none.</summary>
    public bool TryRead([NotNullWhen(true)] out OutgoingMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = CloudEvents.TryRead(StoredAttributes.Read(Attributes), Body, out var read, out error)
            ? new OutgoingMessage(Topic, read)
            : null;
        return message is not null;
    }
}
