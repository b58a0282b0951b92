using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Lab.Benching.Relays;

/// <summary>Sends messages from one service to another and times each.</summary>
/// <param name="stage">What is measured.</param>
/// <param name="writer">The service that sends.</param>
/// <param name="arrivals">Where the other one tells of each start of its handler.</param>
internal sealed class LatencyRun(RelayStage stage, BenchService writer, Arrivals arrivals)
{
    /// <summary>The most messages one after the other.</summary>
    public const int IdleSamples = 500;

    private const int PerSecond = 1_000;
    private const int WarmUps = 20;

    /// <summary>The pause after each of them.</summary>
    public static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);

    /// <summary>Opens connections, settles who has which partition, compiles.</summary>
    public async Task WarmUpAsync(CancellationToken cancellationToken)
    {
        for (var i = 0; i < WarmUps; i++)
            await Task.WhenAll(OneAsync(null, cancellationToken), OneAsync(null, cancellationToken), OneAsync(null, cancellationToken));
    }

    /// <summary>One after the other, each from before its commit.</summary>
    public async Task<LatencyRound> IdleAsync(CancellationToken cancellationToken)
    {
        var milliseconds = new List<double>(IdleSamples);
        var meter = stage.StartMeter();
        var clock = Stopwatch.StartNew();
        while (milliseconds.Count < IdleSamples && clock.Elapsed < Limit)
        {
            milliseconds.Add(await OneAsync(null, cancellationToken));
            await Task.Delay(Rest, cancellationToken);
        }

        return new LatencyRound(milliseconds, meter.Stop(milliseconds.Count));
    }

    /// <summary>At a steady rate whatever becomes of them, each from when it was due.</summary>
    public async Task<LatencyRound> SteadyAsync(CancellationToken cancellationToken)
    {
        var count = (int)(Limit.TotalSeconds * PerSecond);
        var all = new List<Task<double>>(count);
        var meter = stage.StartMeter();
        var start = Stopwatch.GetTimestamp();
        while (all.Count < count)
        {
            var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * PerSecond));
            while (all.Count < due) all.Add(OneAsync(start + (all.Count * Stopwatch.Frequency / PerSecond), cancellationToken));
            await Task.Delay(1, cancellationToken);
        }

        var milliseconds = await Task.WhenAll(all);
        return new LatencyRound(milliseconds, meter.Stop(count));
    }

    private async Task<double> OneAsync(long? due, CancellationToken cancellationToken)
    {
        var message = new Measured(Guid.CreateVersion7());
        var arrival = arrivals.Expect(message.Id);
        long start = 0;
        await writer.CommitAsync(
            services =>
            {
                services.GetRequiredService<BookingDb>().Add(new Booking { Id = message.Id, Note = "a business transaction" });
                services.GetRequiredService<OutboxWriter>().Add(message);
                start = due ?? Stopwatch.GetTimestamp();
            },
            cancellationToken);
        return Stopwatch.GetElapsedTime(start, await arrival.WaitAsync(cancellationToken)).TotalMilliseconds;
    }
}

/// <summary>What a round of a mode came to.</summary>
internal sealed record LatencyRound(IReadOnlyList<double> Milliseconds, Measurement Cost);

/// <summary>Whose handler is waited for.</summary>
internal sealed class Arrivals
{
    private readonly ConcurrentDictionary<Guid, TaskCompletionSource<long>> _expected = new();

    /// <summary>Completes with the time stamp of the start of the message's handler.</summary>
    public Task<long> Expect(Guid id) =>
        _expected.GetOrAdd(id, _ => new TaskCompletionSource<long>(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    /// <summary>The message's handler has started. A second time means nothing.</summary>
    public void Arrive(Guid id)
    {
        var now = Stopwatch.GetTimestamp();
        if (_expected.TryRemove(id, out var expected)) expected.TrySetResult(now);
    }
}
