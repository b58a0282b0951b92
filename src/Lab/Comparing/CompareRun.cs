using System.Globalization;
using Lab.Benching;
using Lab.Comparing.Flows;
using Lab.Comparing.Measuring;
using Lab.Comparing.Recovering;
using Lab.Comparing.Results;
using Lab.Comparing.Transports;
using Lab.Running;
using Spectre.Console;

namespace Lab.Comparing;

/// <summary>
/// One comparison: every lane on every transport, transports in turn, so that whatever the machine does meanwhile does it to all of
/// them. Each step starts what it needs and stops it again. An interruption keeps what was measured before.
/// </summary>
internal sealed class CompareRun(CompareOptions options, IAnsiConsole console, TimeProvider clock)
{
    private static readonly TimeSpan StartAndStop = TimeSpan.FromSeconds(4);

    private readonly CompareExtent _extent = options.Extent;
    private readonly List<TransportMeasurements> _measured = [];

    /// <summary>Runs it.</summary>
    /// <exception cref="LabException">A broker cannot be reached, or cannot do what was asked for.</exception>
    public async Task<Comparison> RunAsync(CancellationToken cancellationToken)
    {
        var began = clock.GetUtcNow();
        var machine = MachineReader.Read();
        string? partial = null;
        try
        {
            await ReachAsync(cancellationToken);
            await RunStepsAsync(cancellationToken);
        }
        catch (Exception) when (cancellationToken.IsCancellationRequested) // Whatever was under way then fails in its own way.
        {
            partial = "it was interrupted";
        }

        IReadOnlyList<TransportResult> transports = [.. _measured.Select(measured => measured.Result())];
        return new Comparison
        {
            Began = began,
            TookSeconds = Math.Round((clock.GetUtcNow() - began).TotalSeconds),
            Command = options.Command,
            Extent = _extent.Name,
            Durability = options.Durability.Name,
            Partial = partial ?? (_measured.Any(measured => measured.HasFailed) ? "not everything could be measured" : null),
            IsDurabilityEqual = _measured.Count < 2 || _measured.All(measured => measured.IsOurs),
            Machine = machine,
            Transports = transports,
            Warnings = CompareWarnings.Of(transports, [.. _measured.Where(measured => !measured.IsOurs).Select(measured => measured.Transport)], machine),
        };
    }

    /// <summary>Starts each broker once: what cannot be reached or cannot do what is asked is told before anything is measured.</summary>
    private async Task ReachAsync(CancellationToken cancellationToken)
    {
        var hindrances = new List<string>();
        foreach (var transport in options.Transports)
        {
            // As it comes: one that cannot do what was asked might not even start with it.
            await using var broker = await BrokerProcess.StartAsync(transport, cancellationToken, withDatabase: true);
            if (options.Durability.Hindrance(broker.Description, isOurs: broker.Process is not null) is { } hindrance)
            {
                hindrances.Add(hindrance);
                continue;
            }

            var settings = await SettingsAsync(transport, broker, cancellationToken);
            foreach (var (name, value) in await broker.ReadDatabaseSettingsAsync(cancellationToken)) settings[$"postgresql {name}"] = value;
            settings["postgresql commits not waited for"] = "those of what only comes again when it is lost: what relays delete, claims of payments, wake-ups";
            if (settings["postgresql synchronous_commit"] is "on") settings["postgresql synchronous_commit"] = "on, but for what only comes again";
            _measured.Add(new TransportMeasurements(transport, broker.Description, settings, _extent.Flow.Limit) { IsOurs = broker.Process is not null });
        }

        if (hindrances.Count > 0)
            throw new LabException($"--durability {options.Durability.Name}: {string.Join("; ", hindrances)}. Unequal durability is not compared.");
    }

    private async Task<Dictionary<string, string>> SettingsAsync(string transport, BrokerProcess broker, CancellationToken cancellationToken)
    {
        if (!options.Durability.IsSynced) return new(await BrokerSettings.ReadAsync(broker, cancellationToken), StringComparer.Ordinal);
        await using var synced = await BrokerProcess.StartAsync(transport, cancellationToken, durability: options.Durability);
        return new(await BrokerSettings.ReadAsync(synced, cancellationToken), StringComparer.Ordinal);
    }

    private async Task RunStepsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<CompareStep> steps = [.. LaneSteps(), .. FlowSteps()];
        for (var i = 0; i < steps.Count; i++)
        {
            var left = TimeSpan.FromSeconds(steps.Skip(i).Sum(step => step.Estimate.TotalSeconds));
            console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{i + 1} of {steps.Count}: {steps[i].What}; about {Left(left)} left"));
            try
            {
                await steps[i].RunAsync(cancellationToken);
            }
#pragma warning disable CA1031 // One lane of one transport less, and told; what was measured and what comes is worth having.
            catch (Exception failure) when (!cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
            {
                var cause = failure is LabException ? failure.Message : $"{failure.GetType().Name}: {failure.Message.ReplaceLineEndings(" ")}";
                steps[i].On.Fail($"{steps[i].What}: {cause}");
                console.WriteLine($"  failed: {cause}");
            }
        }
    }

    private IEnumerable<CompareStep> LaneSteps() =>
        from repeat in Enumerable.Range(1, _extent.LaneRepeats)
        from measured in InTurn(repeat)
        where repeat == 1 || !options.IsQuick || !measured.Broker.IsEmbedded // What counts for nothing needs no spread.
        let cases = LaneCases.Of(options.IsQuick, measured.Broker.IsEmbedded)
        let estimate = StartAndStop + TimeSpan.FromSeconds(cases.Sum(each => each.EstimatedSeconds))
        select new CompareStep(
            $"transport lane on {measured.Transport}, repeat {repeat} of {_extent.LaneRepeats}", estimate, measured,
            cancel => RunLaneAsync(measured, cases, cancel));

    private IEnumerable<CompareStep> FlowSteps() =>
        from repeat in Enumerable.Range(1, _extent.FlowRepeats)
        from measured in InTurn(repeat)
        select new CompareStep(
            $"flow and recovery on {measured.Transport}, repeat {repeat} of {_extent.FlowRepeats}",
            _extent.Flow.Estimate + (measured.Broker.IsEmbedded ? TimeSpan.Zero : _extent.Recovery.Estimate), measured,
            cancel => RunFlowAsync(measured, repeat, cancel));

    private async Task RunLaneAsync(TransportMeasurements measured, IReadOnlyList<LaneCase> cases, CancellationToken cancellationToken)
    {
        await using var broker = await BrokerProcess.StartAsync(measured.Transport, cancellationToken, durability: options.Durability);
        var lane = new TransportLane(measured.Transport, broker);
        await lane.WarmUpAsync(cancellationToken);
        foreach (var each in cases) measured.Add(each, await lane.MeasureAsync(each, cancellationToken));
    }

    private async Task RunFlowAsync(TransportMeasurements measured, int repeat, CancellationToken cancellationToken)
    {
        var system = new SystemOptions(measured.Transport) { Durability = options.Durability };
        await using var flow = await FlowUnderTest.StartAsync(system, _extent.Flow, cancellationToken);
        var lane = new FlowLane(flow, _extent.Flow, run => Keep(measured, run));
        var capacity = await lane.SearchAsync(repeat, cancellationToken);
        measured.AddSearch(repeat, capacity);
        if (capacity is { } carried) await lane.KeepSteadyAsync(repeat, carried, cancellationToken);
        await RecoverAsync(new RecoveryLane(flow, system, _extent.Recovery), measured, repeat, capacity, cancellationToken);
    }

    private async Task RecoverAsync(RecoveryLane recovery, TransportMeasurements measured, int repeat, double? capacity, CancellationToken cancellationToken)
    {
        if (recovery.Hindrance is { } hindrance)
        {
            measured.LeaveOut(hindrance);
            return;
        }

        var rate = Math.Round((capacity ?? 0) * RecoveryLane.ShareOfCapacity);
        if (rate < RecoveryLane.LeastRate)
        {
            measured.LeaveOut($"recovery: no rate was sustained of which half is {RecoveryLane.LeastRate} orders/s, and of fewer nobody can tell when they are back");
            return;
        }

        for (var run = 0; run < _extent.Recovery.Runs; run++)
            measured.Add(await recovery.RunAsync(((repeat - 1) * _extent.Recovery.Runs) + run + 1, rate, cancellationToken));
    }

    private void Keep(TransportMeasurements measured, FlowRun run)
    {
        measured.Add(run);
        console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"  {run.Phase,-5} {run.Offered,5:0}/s: {run.Ended:0}/s ended, p50 {run.AcceptToEnd.P50:0.0} ms, p99 {run.AcceptToEnd.P99:0.0} ms{(run.Because is null ? "" : $"; {run.Because}")}"));
    }

    // The one that went first goes last the next time.
    private IEnumerable<TransportMeasurements> InTurn(int repeat) => repeat % 2 == 1 ? _measured : Enumerable.Reverse(_measured);

    private static string Left(TimeSpan time) =>
        time < TimeSpan.FromMinutes(1) ? string.Create(CultureInfo.InvariantCulture, $"{time.TotalSeconds:0} s") : string.Create(CultureInfo.InvariantCulture, $"{time.TotalMinutes:0.#} min");

    private sealed record CompareStep(string What, TimeSpan Estimate, TransportMeasurements On, Func<CancellationToken, Task> RunAsync);
}
