using System.Collections.Concurrent;
using System.Diagnostics;
using System.Diagnostics.Metrics;
using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Support;

namespace Patterns;

public sealed class TelemetryTests(Servers servers)
{
    [Fact]
    public async Task The_publish_of_a_batch_is_a_span_that_links_to_the_traces_of_its_messages()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        var spans = new ConcurrentBag<Activity>();
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name == "Messaging.Postgres",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllData,
            ActivityStopped = spans.Add,
        };
        ActivitySource.AddActivityListener(listener);
        await using var service = await TestService.StartAsync(database, transport);
        const string trace = "0af7651916cd43dd8448eb211c80319c";
        var message = Messages.New("key") with { TraceParent = $"00-{trace}-b7ad6b7169203331-01" };

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, message)));
        await Eventually.BecomesTrueAsync(() => spans.Any(LinksToTheTrace), "the span ends");

        transport.Arrived.ShouldHaveSingleItem().TraceParent.ShouldBe(message.TraceParent);

        static bool LinksToTheTrace(Activity span) => span.Links.Any(link => link.Context.TraceId.ToHexString() == trace);
    }

    [Fact]
    public async Task The_outbox_can_be_watched()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var meters = new ConcurrentDictionary<string, double>(StringComparer.Ordinal);
        var transport = new RecordingTransport();
        await using (var before = await TestService.StartAsync(database, new RecordingTransport { OnPublish = (_, _) => throw new TransportException("down") }))
        {
            await before.SendAsync([.. Enumerable.Range(0, 7).Select(i => Messages.Entry($"key-{i}"))]);
            await before.SendAsync(Messages.Entry("later", 1, DateTimeOffset.UtcNow.AddHours(1)));
        }

        await using var service = TestService.Prepare(database.ConnectionString, transport);
        using var listener = new MeterListener();
        var factory = service.Services.GetRequiredService<IMeterFactory>();
        listener.InstrumentPublished = (instrument, self) =>
        {
            if (instrument.Meter.Name == "Messaging.Postgres" && instrument.Meter.Scope == factory)
                self.EnableMeasurementEvents(instrument);
        };
        listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => meters.AddOrUpdate(instrument.Name, value, (_, sum) => instrument is Counter<long> ? sum + value : value));
        listener.SetMeasurementEventCallback<double>((instrument, value, _, _) => meters[instrument.Name] = value);
        listener.SetMeasurementEventCallback<int>((instrument, value, _, _) => meters.AddOrUpdate(instrument.Name, value, (_, sum) => sum + value));
        listener.Start();
        var release = new TaskCompletionSource();
        transport.OnPublish = async (_, _) =>
        {
            await release.Task;
            return PublishOutcome.AllAcknowledged;
        };

        await service.StartAsync();
        await Eventually.BecomesTrueAsync(
            () =>
            {
                listener.RecordObservableInstruments();
                return meters.GetValueOrDefault("messaging.outbox.depth") == 7;
            },
            "the depth is seen");
        meters["messaging.outbox.scheduled"].ShouldBe(1);
        meters["messaging.outbox.oldest_age"].ShouldBeGreaterThan(0);
        release.SetResult();

        await Eventually.BecomesTrueAsync(() => meters.GetValueOrDefault("messaging.outbox.published") == 7, "the published are counted");
        await Eventually.BecomesTrueAsync(() => meters.GetValueOrDefault("messaging.outbox.batch") == 7, "so is their batch");
    }
}
