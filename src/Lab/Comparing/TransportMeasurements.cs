using Lab.Comparing.Flows;
using Lab.Comparing.Results;
using Lab.Comparing.Transports;
using Lab.Running;

namespace Lab.Comparing;

/// <summary>What was measured of one transport so far. Not thread-safe: steps follow one another.</summary>
/// <param name="transport">Its name.</param>
/// <param name="broker">What it runs on.</param>
/// <param name="settings">What the figures hang on.</param>
/// <param name="limit">What a run of the flow has to keep.</param>
internal sealed class TransportMeasurements(string transport, BrokerDescription broker, IReadOnlyDictionary<string, string> settings, FlowLimit limit)
{
    private readonly Dictionary<LaneCase, List<LaneSample>> _lane = [];
    private readonly List<FlowRun> _flow = [];
    private readonly List<(int Repeat, double? Capacity)> _searches = [];
    private readonly List<RecoveryRun> _recovery = [];
    private readonly List<string> _leftOut = [];

    public string Transport => transport;

    public BrokerDescription Broker => broker;

    /// <summary>Whether the broker was started here.</summary>
    public bool IsOurs { get; init; } = true;

    /// <summary>Whether a step of it could not be finished.</summary>
    public bool HasFailed { get; private set; }

    public void Add(LaneCase lane, LaneSample sample)
    {
        if (!_lane.TryGetValue(lane, out var samples)) _lane[lane] = samples = [];
        samples.Add(sample);
    }

    public void Add(FlowRun run) => _flow.Add(run);

    public void Add(RecoveryRun run) => _recovery.Add(run);

    /// <summary>A search for the capacity came to its end.</summary>
    /// <param name="repeat">Which.</param>
    /// <param name="capacity">What it found; null when no rate was sustained.</param>
    public void AddSearch(int repeat, double? capacity) => _searches.Add((repeat, capacity));

    /// <summary>Something was not measured, by design.</summary>
    public void LeaveOut(string why)
    {
        if (!_leftOut.Contains(why)) _leftOut.Add(why);
    }

    /// <summary>Something was to be measured and could not be.</summary>
    public void Fail(string why)
    {
        HasFailed = true;
        LeaveOut(why);
    }

    /// <summary>All of it, repeats merged.</summary>
    public TransportResult Result() => new()
    {
        Transport = transport,
        Broker = broker,
        Settings = settings,
        Lane = [.. _lane.Select(each => LaneRows.Of(each.Key, each.Value))],
        Flow = _flow.Count == 0 ? null : new FlowResult
        {
            // One that found nothing counts as none: what is left would be the best of them.
            Capacity = Spread.Of(_searches.Select(search => search.Capacity ?? 0)) is { Median: > 0 } capacity ? capacity.Median : null,
            Searched = [.. _searches.Select(search => search.Repeat)],
            Limit = limit.Words,
            Runs = [.. _flow],
        },
        Recovery = _recovery.Count == 0 ? null : new RecoveryResult([.. _recovery]),
        LeftOut = [.. _leftOut],
    };
}
