using System.Collections.Concurrent;
using System.Diagnostics;
using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.DependencyInjection;

namespace Lab.Benching.Relays;

/// <summary>A way for a relay to learn of a commit, measured from commit to handler.</summary>
/// <param name="Name">The way.</param>
/// <param name="Writer">Settings of the service that writes.</param>
/// <param name="Relay">Settings of another instance that relays for it; null: the writer relays for itself.</param>
internal sealed record LatencyMode(string Name, IReadOnlyDictionary<string, string> Writer, IReadOnlyDictionary<string, string>? Relay)
{
    /// <summary>The name of the way that is no way: the relay looks by itself.</summary>
    public const string PollingOnly = "polling only";

    /// <summary>The name of what is in every way: the business transaction.</summary>
    public const string TransactionOnly = "limit: the transaction alone, raw";

    private const int PerSecond = 1_000;
    private const int IdleSamples = 500;

    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan Rest = TimeSpan.FromMilliseconds(5);

    public static IReadOnlyList<LatencyMode> All { get; } =
    [
        new("woken in process", Settings("table", "2", "Local"), null),
        new("woken by NOTIFY", Settings("table", "0", "Notify"), Settings("table", "2", "Notify")),
        new("read from the log", Settings("wal", "0", "None"), Settings("wal", "2", "None")),
        new(PollingOnly, Settings("table", "0", "None"), Settings("table", "2", "None")),
    ];

    /// <summary>
    /// Measures idle, one transaction after the other, from before its commit; and at a steady rate, from the moment each was due.
    /// A transaction is a row of business data and a message; the handler belongs to another service with an inbox.
    /// </summary>
    public async Task<(LatencyRound Idle, LatencyRound Steady)> MeasureAsync(RelayStage stage, CancellationToken cancellationToken)
    {
        var topic = $"bench{Guid.NewGuid():N}.measured";
        var arrivals = new Arrivals();
        await using var sending = await stage.CreateDatabaseAsync(cancellationToken);
        await using var receiving = await stage.CreateDatabaseAsync(cancellationToken);
        await using var receiver = await StartAsync(stage, receiving, topic, Settings("table", "0", "None"), arrivals, cancellationToken);
        await using var relay = Relay is null ? null : await StartAsync(stage, sending, topic, Relay, null, cancellationToken);
        await using var writer = await StartAsync(stage, sending, topic, Writer, null, cancellationToken);

        for (var i = 0; i < 20; i++) await Task.WhenAll(OneAsync(), OneAsync(), OneAsync()); // connections, leases, compilation
        return (await IdleAsync(), await SteadyAsync());

        async Task<double> OneAsync(long? due = null)
        {
            var message = new Measured(Guid.CreateVersion7());
            var arrival = arrivals.Expect(message.Id);
            long start = 0;
            await writer.CommitAsync(
                services =>
                {
                    services.GetRequiredService<BookingDb>().Add(new Booking { Id = message.Id, Note = Name });
                    services.GetRequiredService<OutboxWriter>().Add(message);
                    start = due ?? Stopwatch.GetTimestamp();
                },
                cancellationToken);
            return Stopwatch.GetElapsedTime(start, await arrival.WaitAsync(cancellationToken)).TotalMilliseconds;
        }

        async Task<LatencyRound> IdleAsync()
        {
            var milliseconds = new List<double>(IdleSamples);
            var meter = stage.StartMeter();
            var clock = Stopwatch.StartNew();
            while (milliseconds.Count < IdleSamples && clock.Elapsed < Limit)
            {
                milliseconds.Add(await OneAsync());
                await Task.Delay(Rest, cancellationToken);
            }

            return new LatencyRound(milliseconds, meter.Stop(milliseconds.Count));
        }

        async Task<LatencyRound> SteadyAsync()
        {
            var count = (int)(Limit.TotalSeconds * PerSecond);
            var all = new List<Task<double>>(count);
            var meter = stage.StartMeter();
            var start = Stopwatch.GetTimestamp();
            while (all.Count < count)
            {
                var due = Math.Min(count, (int)(Stopwatch.GetElapsedTime(start).TotalSeconds * PerSecond));
                while (all.Count < due) all.Add(OneAsync(start + (all.Count * Stopwatch.Frequency / PerSecond)));
                await Task.Delay(1, cancellationToken);
            }

            var milliseconds = await Task.WhenAll(all);
            return new LatencyRound(milliseconds, meter.Stop(count));
        }
    }

    /// <summary>The business transaction alone, at the pace of the idle measurements.</summary>
    public static Task<LatencyRound> MeasureTransactionAsync(RelayStage stage, CancellationToken cancellationToken) =>
        BusinessTransactions.RawAloneAsync(stage, IdleSamples / 2, Rest, cancellationToken);

    private static Task<BenchService> StartAsync(
        RelayStage stage, BenchDatabase database, string topic, IReadOnlyDictionary<string, string> settings, Arrivals? receives, CancellationToken cancellationToken) =>
        BenchService.StartAsync(
            database,
            new Dictionary<string, string>(settings, StringComparer.Ordinal)
            {
                ["Transport"] = "jetstream",
                ["ConnectionStrings:nats"] = stage.Servers.Url,
            },
            messaging =>
            {
                messaging.UseJetStream().Messages([new MessageDefinition("lab.measured.v1", topic, typeof(Measured), message => ((Measured)message).Id.ToString())]);
                if (receives is null) return;
                messaging.Services.AddSingleton(receives);
                messaging.Receive("bench.receiver", [topic], receiver => receiver.Consumer<MeasuredHandler>());
            },
            cancellationToken);

    private static Dictionary<string, string> Settings(string kind, string relays, string wakeUp) => new(StringComparer.Ordinal)
    {
        ["Outbox:Relay"] = kind,
        ["Outbox:Relays"] = relays,
        ["Outbox:WakeUp"] = wakeUp,
    };
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
