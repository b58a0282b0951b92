using System.Diagnostics;
using System.Diagnostics.Metrics;

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

/// <summary>The figures of receiving. Thread-safe.</summary>
internal sealed class ReceiveMetrics : IDisposable
{
    private readonly Meter _meter;
    private readonly Counter<long> _handled;
    private readonly Counter<long> _duplicates;
    private readonly Counter<long> _parked;
    private readonly Counter<long> _retries;
    private readonly Histogram<double> _batch;
    private readonly Histogram<double> _latency;

    public ReceiveMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MessagingDiagnostics.Name);
        _handled = _meter.CreateCounter<long>("messaging.messages.handled", "{message}", "Messages whose effect was committed.");
        _duplicates = _meter.CreateCounter<long>("messaging.inbox.duplicates", "{message}", "Messages the inbox had already.");
        _parked = _meter.CreateCounter<long>("messaging.messages.parked", "{message}", "How often a message was put aside: to be tried again, behind another, or dead.");
        _retries = _meter.CreateCounter<long>("messaging.messages.retried", "{attempt}", "Attempts that failed, whether or not another follows.");
        _batch = _meter.CreateHistogram<double>("messaging.batch.duration", "s", "From the inbox to the commit of a batch.");
        _latency = _meter.CreateHistogram<double>("messaging.end_to_end.duration", "s", "From the event's time to the commit of its effect.");
    }

    public void BatchCommitted(string group, TimeSpan duration) => _batch.Record(duration.TotalSeconds, Group(group));

    public void Handled(string group, string type, TimeSpan sinceEvent)
    {
        _handled.Add(1, Group(group), new("type", type));
        _latency.Record(Math.Max(0, sinceEvent.TotalSeconds), Group(group), new("type", type));
    }

    public void Duplicate(string group) => _duplicates.Add(1, Group(group));

    public void Parked(string group, bool dead) => _parked.Add(1, Group(group), new("state", dead ? "dead" : "parked"));

    public void Retried(string group, FailureKind kind) => _retries.Add(1, Group(group), new("kind", kind.ToString()));

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Group(string group) => new("consumer", group);
}
