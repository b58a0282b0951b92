using System.Diagnostics.Metrics;

namespace Messaging;

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
    private readonly Histogram<double> _age;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _handler;
    private readonly Histogram<double> _commit;

    public ReceiveMetrics(IMeterFactory meters)
    {
        _meter = meters.Create(MessagingDiagnostics.Name);
        _handled = _meter.CreateCounter<long>("messaging.messages.handled", "{message}", "Messages whose effect was committed.");
        _duplicates = _meter.CreateCounter<long>("messaging.inbox.duplicates", "{message}", "Messages the inbox had already.");
        _parked = _meter.CreateCounter<long>("messaging.messages.parked", "{message}", "How often a message was put aside: to be tried again, behind another, or dead.");
        _retries = _meter.CreateCounter<long>("messaging.messages.retried", "{attempt}", "Attempts that failed, whether or not another follows.");
        _batch = _meter.CreateHistogram<double>("messaging.batch.duration", "s", "From the inbox to the commit of a batch.");
        _latency = _meter.CreateHistogram<double>("messaging.end_to_end.duration", "s", "From the event's time to the commit of its effect.");
        _age = _meter.CreateHistogram<double>("messaging.receive.age", "s", "From the event's time until its batch was taken up.");
        _wait = _meter.CreateHistogram<double>("messaging.receive.wait", "s", "From when its batch was taken up until its handler began: inbox, and those before it.");
        _handler = _meter.CreateHistogram<double>("messaging.handler.duration", "s", "From when its handler began until it had ended.");
        _commit = _meter.CreateHistogram<double>("messaging.commit.duration", "s", "How long the commit took that a handled message waited for.");
    }

    public void BatchCommitted(string group, TimeSpan duration) => _batch.Record(duration.TotalSeconds, Group(group));

    /// <summary>The effect of a message was committed.</summary>
    public void Handled(string group, HandledMessage handled, BatchTimes batch, TimeProvider time)
    {
        var (consumer, type) = (Group(group), new KeyValuePair<string, object?>("type", handled.Message.Type));
        var age = Math.Max(0, (batch.TakenAt - handled.Message.Time).TotalSeconds);
        _handled.Add(1, consumer, type);
        _age.Record(age, consumer, type);
        _wait.Record(time.GetElapsedTime(batch.Taken, handled.Began).TotalSeconds, consumer, type);
        _handler.Record(time.GetElapsedTime(handled.Began, handled.Ended).TotalSeconds, consumer, type);
        _commit.Record(time.GetElapsedTime(batch.CommitBegan, batch.Committed).TotalSeconds, consumer, type);
        _latency.Record(age + time.GetElapsedTime(batch.Taken, batch.Committed).TotalSeconds, consumer, type);
    }

    public void Duplicate(string group) => _duplicates.Add(1, Group(group));

    public void Parked(string group, bool dead) => _parked.Add(1, Group(group), new("state", dead ? "dead" : "parked"));

    public void Retried(string group, FailureKind kind) => _retries.Add(1, Group(group), new("kind", kind.ToString()));

    public void Dispose() => _meter.Dispose();

    private static KeyValuePair<string, object?> Group(string group) => new("consumer", group);
}

/// <summary>A message whose handler has ended, and when it began and ended: timestamps of the time provider.</summary>
internal readonly record struct HandledMessage(Message Message, long Began, long Ended);

/// <summary>When a batch was taken up, by the clock and as a timestamp, and when its commit began and ended.</summary>
internal sealed record BatchTimes(DateTimeOffset TakenAt, long Taken, long CommitBegan, long Committed);
