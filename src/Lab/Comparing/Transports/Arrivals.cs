using System.Diagnostics;
using Lab.Benching;
using Lab.Comparing.Measuring;

namespace Lab.Comparing.Transports;

/// <summary>
/// Counts what the groups of a sample take, each message once in each group, and measures up to the last of them. Thread-safe.
/// </summary>
/// <param name="measured">What is measured.</param>
/// <param name="messages">How many messages each group is to get.</param>
/// <param name="unmeasured">
/// Unless the clock is begun by <see cref="Begin"/>, so many, over all groups, are taken before it begins by itself: what the consumers
/// had read ahead while they were held is no proof of anything.
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
    private Meter? _meter;

    /// <summary>Ends when every group has every message; what those cost that were taken while the clock ran, over all groups.</summary>
    public Task<Measurement> All => _all.Task;

    /// <summary>How many were taken so far, over all groups.</summary>
    public int Total => Volatile.Read(ref _total);

    /// <summary>How many came to a group a second time.</summary>
    public int Repeated => Volatile.Read(ref _repeated);

    /// <summary>From when a message was meant to be sent until it was taken, where it says when that was and was not sent to warm up.</summary>
    public LatencyHistogram EndToEnd { get; } = new();

    /// <summary>Begins the clock.</summary>
    public void Begin()
    {
        lock (_gate) (_totalAtStart, _meter) = (_total, Meter.Start(broker));
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
            if (_meter is null && fresh > 0 && _total >= unmeasured)
                (_totalAtStart, _meter) = (_total, Meter.Start(broker));
            else if (fresh > 0 && _total == messages * measured.Groups)
                _all.TrySetResult(_meter!.Stop(_total - _totalAtStart));
        }
    }

    /// <summary>How many of how many each group has.</summary>
    public override string ToString()
    {
        lock (_gate) return string.Join(", ", _taken.Select((taken, group) => $"{taken} of {messages} in group {group + 1}"));
    }

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
