using System.Diagnostics;
using Lab.Benching;
using Lab.Comparing.Measuring;

namespace Lab.Comparing.Transports;

/// <summary>
/// Counts what the groups of a sample take, each message once in each group, and measures what most of them cost. Thread-safe.
/// </summary>
/// <param name="measured">What is measured.</param>
/// <param name="messages">How many messages each group is to get.</param>
/// <param name="unmeasured">
/// Unless the clock is begun by <see cref="Begin"/>, so many, over all groups, are taken before it begins by itself, and so many are left
/// when it ends: consumers read ahead while they were held, and as much as they have in hand at the beginning they have at the end.
/// </param>
/// <param name="broker">The broker's process, where it is known.</param>
internal sealed class Arrivals(LaneCase measured, int messages, int unmeasured, Process? broker)
{
    private readonly Lock _gate = new();
    private readonly bool[][] _seen = [.. Enumerable.Range(0, measured.Groups).Select(_ => new bool[messages])];
    private readonly int[] _taken = new int[measured.Groups];
    private readonly TaskCompletionSource<Measurement> _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _total;
    private int _repeated;
    private int _totalAtStart;
    private int _unmeasured = unmeasured;
    private Meter? _meter;
    private Measurement? _measured;

    /// <summary>Ends when every group has every message; what those cost that were taken while the clock ran, over all groups.</summary>
    public Task<Measurement> All => _all.Task;

    /// <summary>How many were taken so far, over all groups.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>How many came to a group a second time.</summary>
    public int Repeated => Volatile.Read(ref _repeated);

    /// <summary>From when a message was meant to be sent until it was taken, where it says when that was and was not sent to warm up.</summary>
    public LatencyHistogram EndToEnd { get; } = new();

    /// <summary>Begins the clock, which then ends with the last message.</summary>
    public void Begin()
    {
        lock (_gate)
        {
            _unmeasured = 0;
            Start();
        }
    }

    /// <summary>A group took these.</summary>
    /// <param name="group">Which, from 0.</param>
    /// <param name="bodies">Their bodies; those of probes do not count.</param>
    /// <param name="now">When.</param>
    public void Add(int group, IReadOnlyList<ReadOnlyMemory<byte>> bodies, long now)
    {
        lock (_gate)
        {
            var fresh = 0;
            foreach (var body in bodies)
            {
                if (LaneMessages.TryRead(body.Span, out var index, out var intended) && IsFresh(group, index, intended, now)) fresh++;
            }

            _taken[group] += fresh;
            _total += fresh;
            if (_meter is null && fresh > 0 && _total >= _unmeasured)
                Start();
            else if (_measured is null && _total >= (messages * measured.Groups) - _unmeasured)
                _measured = _meter!.Stop(_total - _totalAtStart);
            if (_measured is { } cost && _total == messages * measured.Groups) _all.TrySetResult(cost);
        }
    }

    /// <summary>How many of how many each group has.</summary>
    public override string ToString()
    {
        lock (_gate) return string.Join(", ", _taken.Select((taken, group) => $"{taken} of {messages} in group {group + 1}"));
    }

    private void Start() => (_totalAtStart, _meter) = (_total, Meter.StartAtOnce(broker));

    private bool IsFresh(int group, int index, long intended, long now)
    {
        if (_seen[group][index])
        {
            _repeated++;
            return false;
        }

        if (intended != 0 && index >= measured.WarmUp) EndToEnd.Record(intended, now);
        return _seen[group][index] = true;
    }
}
