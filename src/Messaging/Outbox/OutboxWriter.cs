using System.Diagnostics;
using System.Text.Json;

namespace Messaging;

/// <summary>
/// Turns a CLR message into an envelope and puts it into the scope's <see cref="Outbox"/>: id, source, key, cause, trace. Scoped.
/// </summary>
public sealed class OutboxWriter(Outbox outbox, MessageCatalog catalog, CurrentMessage current, MessageSource source, TimeProvider time)
{
    /// <summary>The CloudEvents extension that carries a scheduled message's token.</summary>
    internal const string ScheduleTokenAttribute = "scheduletoken";

    /// <summary>Adds a message; it leaves after <see cref="IUnitOfWork.CommitAsync"/>.</summary>
    /// <param name="message">A message of a type in the catalog.</param>
    /// <param name="due">Not before this time; null: at once.</param>
    /// <param name="scheduleToken">A token to take it back by; null: none.</param>
    /// <param name="causationId">The message that caused this one; null: the one that the scope is handling, if any.</param>
    /// <exception cref="InvalidOperationException">The type is not in the catalog, or has no topic there.</exception>
    public void Add(object message, DateTimeOffset? due = null, Guid? scheduleToken = null, string? causationId = null)
    {
        ArgumentNullException.ThrowIfNull(message);
        var definition = catalog.Of(message.GetType());
        if (definition.Topic.Length == 0)
            throw new InvalidOperationException($"{definition.Name} is a request or a reply: it has no topic to be published to.");
        var key = definition.KeyOf(message);
        var activity = Activity.Current;
        var envelope = new Message
        {
            Id = Message.NewId(),
            Type = definition.Name,
            Source = source.Value,
            Subject = key,
            Time = time.GetUtcNow(),
            PartitionKey = key,
            CorrelationId = current.Value?.CorrelationId ?? key,
            CausationId = causationId ?? current.Value?.Id,
            TraceParent = activity?.Id ?? current.Value?.TraceParent,
            TraceState = activity is null ? current.Value?.TraceState : activity.TraceStateString,
            Body = JsonSerializer.SerializeToUtf8Bytes(message, definition.ClrType, MessageJson.Options),
        };
        if (scheduleToken is { } token)
        {
            envelope = envelope with
            {
                Extensions = new Dictionary<string, string>(StringComparer.Ordinal) { [ScheduleTokenAttribute] = token.ToString("D") },
            };
        }

        outbox.Add(new OutboxEntry(new OutgoingMessage(definition.Topic, envelope), due, scheduleToken));
    }

    /// <summary>Takes back a scheduled message. See <see cref="Outbox.Cancel"/>.</summary>
    public void Cancel(Guid scheduleToken) => outbox.Cancel(scheduleToken);
}

/// <summary>The <c>source</c> attribute of everything this process sends, such as <c>/orders</c>.</summary>
public sealed record MessageSource(string Value);
