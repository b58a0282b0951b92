using System.Diagnostics;

namespace Messaging;

/// <summary>The names under which messaging can be watched.</summary>
public static class MessagingDiagnostics
{
    /// <summary>Name of the ActivitySource and the Meter.</summary>
    public const string Name = "Messaging";

    internal static ActivitySource Activities { get; } = new(Name);

    /// <summary>The span of one answered request: a child of the asker's span.</summary>
    internal static Activity? StartAnswer(Message request)
    {
        _ = ActivityContext.TryParse(request.TraceParent, request.TraceState, isRemote: true, out var parent);
        return Activities.StartActivity($"answer {request.Type}", ActivityKind.Server, parent)?.SetTag("messaging.message.id", request.Id);
    }

    /// <summary>The span of one handled message: a child of the span that published it, so that one order is one trace.</summary>
    internal static Activity? StartReceive(Message message, string group, Delivery delivery)
    {
        _ = ActivityContext.TryParse(message.TraceParent, message.TraceState, isRemote: true, out var parent);
        var activity = Activities.StartActivity($"{group} handle {message.Type}", ActivityKind.Consumer, parent);
        if (activity is null)
            return null;
        activity.SetTag("messaging.operation.type", "process");
        activity.SetTag("messaging.destination.name", delivery.Topic);
        activity.SetTag("messaging.destination.partition.id", delivery.Partition);
        activity.SetTag("messaging.consumer.group.name", group);
        activity.SetTag("messaging.message.id", message.Id);
        activity.SetTag("messaging.message.conversation_id", message.CorrelationId);
        return activity;
    }
}
