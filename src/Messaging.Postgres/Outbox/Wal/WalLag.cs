using System.Diagnostics.Metrics;
using NpgsqlTypes;

namespace Messaging.Postgres;

/// <summary>How far publishing is behind the write-ahead log, seen from any process of the service, whichever reads. Thread-safe.</summary>
internal sealed class WalLag
{
    private readonly WalSlot _slot;
    private readonly TimeProvider _time;
    private readonly Lock _lock = new();
    private WalSlotState? _last;
    private (NpgsqlLogSequenceNumber Place, long Since)? _mark;

    public WalLag(WalSlot slot, TimeProvider time, IMeterFactory meters)
    {
        _slot = slot;
        _time = time;
        var meter = meters.Create(OutboxMetrics.Name);
        meter.CreateObservableGauge(
            "messaging.outbox.wal.lag", () => (long)(_last?.LagBytes ?? 0), "By", "Log written that is not confirmed as published.");
        meter.CreateObservableGauge("messaging.outbox.wal.lag_age", () => Age.TotalSeconds, "s", "For how long, at least, some of it has not been.");
        meter.CreateObservableGauge(
            "messaging.outbox.wal.retained",
            () => new Measurement<long>(_last?.RetainedBytes ?? 0, new KeyValuePair<string, object?>("wal_status", _last?.WalStatus ?? "none")),
            "By",
            "Log that the server keeps for the replication slot.");
    }

    /// <summary>For how long, at least, the slot has not reached a place that was written then.</summary>
    public TimeSpan Age
    {
        get
        {
            lock (_lock)
                return _mark is { } mark ? _time.GetElapsedTime(mark.Since) : TimeSpan.Zero;
        }
    }

    /// <summary>Looks at the slot. Null when there is none.</summary>
    public async Task<WalSlotState?> LookAsync(CancellationToken cancellationToken)
    {
        var state = await _slot.ReadAsync(cancellationToken);
        lock (_lock)
        {
            _last = state;
            // A place says nothing about when it was written, so the age is measured from when we saw it first.
            if (state is null || (_mark is { } mark && state.Confirmed >= mark.Place))
                _mark = null;
            if (state is { LagBytes: > 0 })
                _mark ??= (state.Current, _time.GetTimestamp());
        }

        return state;
    }
}
