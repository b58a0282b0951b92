using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace Messaging.Postgres;

/// <summary>What can be seen of the outbox: meter and activity source <c>Messaging.Postgres</c>.</summary>
internal sealed class OutboxMetrics
{
    /// <summary>The name of the meter and of the activity source.</summary>
    public const string Name = "Messaging.Postgres";

    private const int MostLinks = 128;

    private static readonly ActivitySource Source = new(Name);

    private readonly Counter<long> _published;
    private readonly Histogram<int> _batch;
    private readonly Histogram<double> _wait;
    private readonly Histogram<double> _publish;
    private OutboxState? _state;

    public OutboxMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(Name);
        _published = meter.CreateCounter<long>("messaging.outbox.published", "{message}", "Messages that the broker has acknowledged.");
        _batch = meter.CreateHistogram<int>("messaging.outbox.batch", "{message}", "Messages published together.");
        _wait = meter.CreateHistogram<double>("messaging.outbox.wait", "s", "From the event's time until a relay gave it to the broker: what was left of its transaction, and the wait for a relay.");
        _publish = meter.CreateHistogram<double>("messaging.publish.duration", "s", "How long the broker took to acknowledge the batch a message was published in.");
        meter.CreateObservableGauge(
            "messaging.outbox.depth", () => Observe(state => state.Ready), "{message}",
            "Messages that wait for the broker. Above 10,000 an estimate from the table's statistics. Told by processes with relays.");
        meter.CreateObservableGauge(
            "messaging.outbox.scheduled", () => Observe(state => state.Scheduled), "{message}",
            "Messages whose time has not come. Above 10,000 an estimate, likewise.");
        meter.CreateObservableGauge(
            "messaging.outbox.oldest_age", () => Observe(state => state.OldestAge.TotalSeconds), "s",
            "How long the oldest of those that wait for the broker has waited.");
    }

    /// <summary>The outbox as last looked at.</summary>
    public void Observe(OutboxState state) => _state = state;

    private IEnumerable<Measurement<T>> Observe<T>(Func<OutboxState, T> of)
        where T : struct => _state is { } state ? [new Measurement<T>(of(state))] : [];

    /// <summary>A batch has arrived at the broker.</summary>
    public void Published(int count)
    {
        _published.Add(count);
        _batch.Record(count);
    }

    /// <summary>A batch was given to the broker and answered, whatever the answer.</summary>
    /// <param name="messages">The batch.</param>
    /// <param name="given">When it was given.</param>
    /// <param name="took">How long the answer took.</param>
    public void Answered(IReadOnlyList<OutgoingMessage> messages, DateTimeOffset given, TimeSpan took)
    {
        foreach (var (_, message) in messages)
        {
            var type = new KeyValuePair<string, object?>("type", message.Type);
            _wait.Record(Math.Max(0, (given - message.Time).TotalSeconds), type);
            _publish.Record(took.TotalSeconds, type);
        }
    }

    /// <summary>The span of one publish, linked to the traces of the messages in it (of the first 128). Null when nobody traces.</summary>
    public static Activity? StartPublish(IReadOnlyList<OutgoingMessage> messages)
    {
        if (!Source.HasListeners())
            return null;
        var links = new List<ActivityLink>(Math.Min(messages.Count, MostLinks));
        foreach (var (_, message) in messages.Take(MostLinks))
        {
            if (ActivityContext.TryParse(message.TraceParent, message.TraceState, isRemote: true, out var context))
                links.Add(new ActivityLink(context));
        }

        var activity = Source.StartActivity(ActivityKind.Producer, parentContext: default, links: links, name: "outbox publish");
        activity?.SetTag("messaging.batch.message_count", messages.Count);
        return activity;
    }
}

/// <summary>How full the outbox is.</summary>
/// <param name="Ready">Messages that wait for the broker.</param>
/// <param name="Scheduled">Messages whose time has not come.</param>
/// <param name="OldestAge">How long the oldest ready one has waited; zero when there is none.</param>
internal sealed record OutboxState(long Ready, long Scheduled, TimeSpan OldestAge);
