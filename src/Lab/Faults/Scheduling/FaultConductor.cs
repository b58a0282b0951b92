using System.Collections.Concurrent;

namespace Lab.Faults;

/// <summary>A fault that is up.</summary>
/// <param name="Name">Its kind.</param>
/// <param name="Target">What it strikes.</param>
/// <param name="Since">Since when.</param>
internal sealed record ActiveFault(string Name, string Target, DateTimeOffset Since);

/// <summary>Has the faults of a plan strike when they are due, and keeps what became of each.</summary>
internal sealed class FaultConductor(FaultSite site)
{
    private readonly ConcurrentDictionary<PlannedFault, ActiveFault> _active = new(ReferenceEqualityComparer.Instance);
    private readonly Dictionary<string, string> _unprepared = new(StringComparer.Ordinal);

    /// <summary>The faults that are up now, the oldest first.</summary>
    public IReadOnlyList<ActiveFault> Active => [.. _active.Values.OrderBy(fault => fault.Since)];

    /// <summary>Prepares the system for a plan; call it before the load begins. What cannot be prepared is told when it would strike.</summary>
    public async Task PrepareAsync(IReadOnlyList<PlannedFault> plan, CancellationToken cancellationToken)
    {
        foreach (var fault in plan.Select(planned => planned.Fault).DistinctBy(fault => fault.Name, StringComparer.Ordinal))
        {
            try
            {
                await fault.PrepareAsync(site, cancellationToken);
            }
#pragma warning disable CA1031 // Whatever it is, it belongs to the report of this fault; the others go on.
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                _unprepared[fault.Name] = $"could not be prepared: {OneLine(failure)}";
            }
        }
    }

    /// <summary>Runs a plan to its end.</summary>
    /// <param name="plan">What strikes when.</param>
    /// <param name="began">When the run began, which the times of the plan count from.</param>
    /// <param name="cancellationToken">Ends it early: whatever is up heals, nothing else strikes.</param>
    /// <returns>What struck, in the order in which it did; everything of it is healed.</returns>
    public async Task<IReadOnlyList<StruckFault>> RunAsync(IReadOnlyList<PlannedFault> plan, DateTimeOffset began, CancellationToken cancellationToken)
    {
        var struck = await Task.WhenAll(plan.Select(planned => StrikeAsync(planned, began + planned.At, cancellationToken)));
        return [.. struck.OfType<StruckFault>().OrderBy(fault => fault.Began)];
    }

    private async Task<StruckFault?> StrikeAsync(PlannedFault planned, DateTimeOffset at, CancellationToken cancellationToken)
    {
        var wait = at - site.Clock.GetUtcNow();
        if (wait > TimeSpan.Zero) await Task.Delay(wait, site.Clock, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (cancellationToken.IsCancellationRequested) return null;

        var fault = planned.Fault;
        var began = site.Clock.GetUtcNow();
        string? note = null, failure = null;
        _active[planned] = new ActiveFault(fault.Name, planned.Target, began);
        try
        {
            if (!_unprepared.TryGetValue(fault.Name, out failure))
                note = await fault.StrikeAsync(site with { Seed = site.Seed ^ (int)planned.At.TotalMilliseconds }, planned.Target, planned.Duration, cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            note = "ended early";
        }
#pragma warning disable CA1031 // Whatever it is, the report says so, and the other faults go on.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = OneLine(exception);
        }
        finally
        {
            _active.TryRemove(planned, out _);
        }

        return new StruckFault(fault.Name, fault.Area, fault.Description, planned.Target, began, site.Clock.GetUtcNow(), note, failure);
    }

    // What was foreseen is told by its message; of anything else the kind helps, too.
    private static string OneLine(Exception failure) =>
        (failure is LabException ? failure.Message : $"{failure.GetType().Name}: {failure.Message}").ReplaceLineEndings(" ");
}
