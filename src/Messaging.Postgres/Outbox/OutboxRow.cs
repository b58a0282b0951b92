using System.Diagnostics.CodeAnalysis;
using System.Text.Json;

namespace Messaging.Postgres;

/// <summary>A row taken from the outbox; its attributes are a JSON object in UTF-8.</summary>
internal sealed record OutboxRow(
    long Id, short Lane, Guid? ScheduleToken, string Topic, byte[] Attributes, byte[] Body, DateTime ReadySince)
{
    /// <summary>The message it stands for. False, and what is wrong, when somebody wrote a row that is none.</summary>
    public bool TryRead([NotNullWhen(true)] out OutgoingMessage? message, [NotNullWhen(false)] out string? error)
    {
        message = null;
        try
        {
            if (CloudEvents.TryRead(StoredAttributes.Read(Attributes), Body, out var read, out error))
                message = new OutgoingMessage(Topic, read);
        }
        catch (JsonException exception)
        {
            error = exception.Message; // jsonb, but no object
        }

        return message is not null;
    }
}
