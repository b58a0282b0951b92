using System.Globalization;
using System.Text.Json;
using Confluent.Kafka;
using Messaging;
using Messaging.Kafka;
using Microsoft.Extensions.Logging.Abstractions;

namespace Compliance;

/// <summary>Against an embedded broker of the test's own, which it may make hang, refuse, or take away.</summary>
public sealed class KafkaBroker : IDisposable
{
    private static readonly KafkaTransportOptions Impatient = new() { PublishTimeout = TimeSpan.FromSeconds(5), RequestTimeout = TimeSpan.FromSeconds(3) };

    // Many requests on their way at a time: what is refused is the middle of a batch, not all of it.
    private static readonly KafkaTransportOptions InSmallRequests = Impatient with { ClientSettings = new Dictionary<string, string> { ["batch.num.messages"] = "10" } };

    private readonly EmbeddedKafka _broker = new();
    private readonly TopicDefinition _topic = new($"t{Guid.NewGuid():N}.events");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _broker.Dispose();

    [Fact]
    public async Task An_embedded_broker_is_known_for_what_it_is()
    {
        await using var transport = await ConnectAsync(Impatient);
        transport.Capabilities.Durable.ShouldBeFalse();
    }

    [Fact]
    public async Task A_batch_larger_than_the_producers_buffer_is_published_all_the_same()
    {
        await using var transport = await ConnectAsync(Impatient with { PublishTimeout = TimeSpan.FromSeconds(60) });
        var body = new byte[900_000];
        var batch = Enumerable.Range(0, 100).Select(i => new OutgoingMessage(_topic.Name, Messages.Create($"key-{i}", body))).ToList();
        (await transport.PublishAsync(batch, Cancel)).Failures.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_stands_behind_a_refused_message_of_its_key_is_refused_too_and_order_holds_when_it_is_sent_again()
    {
        await using var transport = await ConnectAsync(InSmallRequests);
        var batch = Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(_topic.Name, key, 0, 500)).ToList();
        _broker.Refuse(EmbeddedKafka.Produce, (short)ErrorCode.InvalidRecord);
        var failed = (await transport.PublishAsync(batch, Cancel).WaitAsync(TimeSpan.FromSeconds(30), Cancel)).Failures;

        failed.ShouldNotBeEmpty();
        failed.ShouldContain(failure => failure.Cause.Message.Contains(nameof(ErrorCode.InvalidRecord), StringComparison.Ordinal));
        failed.ShouldAllBe(failure => failure.Cause.Message.Contains(batch[failure.Index].Message.Id));
        await using var consumption = Consumption.Start(transport, new Subscription(_topic.Name, "group"));
        var again = failed.Select(failure => batch[failure.Index]).ToList();
        await EventuallyAsync(async () => (await transport.PublishAsync(again, Cancel)).Succeeded);
        await EventuallyAsync(() => Task.FromResult(
            Messages.KeyPerPartition.All(key => consumption.Deliveries.Numbers(key).Distinct().Count() == 500)));
        foreach (var key in Messages.KeyPerPartition)
            consumption.Deliveries.Numbers(key).Distinct().ShouldBe(Enumerable.Range(0, 500));
    }

    [Fact]
    public async Task Every_publish_ends_when_the_producer_breaks_under_it()
    {
        await using var transport = await ConnectAsync(InSmallRequests);
        for (var round = 0; round < 5; round++)
        {
            _broker.Refuse(EmbeddedKafka.Produce, (short)ErrorCode.InvalidRecord);
            var publishing = Enumerable.Range(0, 20).Select(async i =>
            {
                try
                {
                    return (await transport.PublishAsync(Messages.Numbered(_topic.Name, $"key-{i}", 0, 20), Cancel)).Succeeded;
                }
                catch (TransportException)
                {
                    return false;
                }
            });
            (await Task.WhenAll(publishing).WaitAsync(TimeSpan.FromSeconds(30), Cancel)).ShouldContain(false);
        }

        await EventuallyAsync(async () => (await transport.PublishAsync(Messages.Numbered(_topic.Name, "key", 0, 20), Cancel)).Succeeded);
    }

    [Fact]
    public async Task Messages_whose_report_will_never_come_are_named_as_failed()
    {
        var reports = new DeliveryReports(Messages.Numbered(_topic.Name, "key", 0, 3), largest: 1_000, new ClientFailures());
        reports.Complete(0, new Error(ErrorCode.NoError));
        reports.Outcome.IsCompleted.ShouldBeFalse();
        reports.CompleteMissing(new Error(ErrorCode.Local_Fatal));
        reports.Complete(1, new Error(ErrorCode.NoError));
        (await reports.Outcome).Failures.Select(failure => failure.Index).ShouldBe([1, 2]);
    }

    [Fact]
    public async Task Publishing_to_a_topic_that_does_not_exist_is_refused_by_name()
    {
        await using var transport = await ConnectAsync(Impatient);
        var refusal = await Should.ThrowAsync<TopicNotFoundException>(() => transport.PublishAsync(Messages.Numbered("no.such.topic", "key", 0, 1), Cancel));
        refusal.Topic.ShouldBe("no.such.topic");
    }

    [Fact]
    public async Task A_topic_that_may_not_be_read_is_refused_at_the_start()
    {
        await using var transport = await ConnectAsync(Impatient);
        _broker.Refuse(_topic.Name, (short)ErrorCode.TopicAuthorizationFailed);
        var refusal = await Should.ThrowAsync<TransportException>(() => transport.ConsumeAsync(new(_topic.Name, "group"), (_, _) => Task.CompletedTask, Cancel));
        refusal.Message.ShouldContain("permission was denied");
        refusal.Message.ShouldContain(_topic.Name);
    }

    [Fact]
    public async Task A_broker_that_speaks_no_TLS_is_told_from_one_that_is_away()
    {
        var secure = Impatient with { ClientSettings = new Dictionary<string, string> { ["security.protocol"] = "ssl" } };
        await using var transport = new KafkaTransport(_broker.Servers, secure, NullLoggerFactory.Instance, TimeProvider.System);
        var refusal = await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([_topic], Cancel));
        refusal.Message.ShouldContain("TLS failed");
        refusal = await Should.ThrowAsync<TransportException>(() => transport.ConsumeAsync(new(_topic.Name, "group"), (_, _) => Task.CompletedTask, Cancel));
        refusal.Message.ShouldContain("TLS failed");
        refusal = await Should.ThrowAsync<TransportException>(() => transport.PublishAsync(Messages.Numbered(_topic.Name, "key", 0, 1), Cancel));
        refusal.Message.ShouldContain("TLS failed");
    }

    [Theory]
    [InlineData(ErrorCode.Local_Authentication, "the credentials were refused")]
    [InlineData(ErrorCode.SaslAuthenticationFailed, "the credentials were refused")]
    [InlineData(ErrorCode.Local_Ssl, "TLS failed")]
    public void What_the_client_said_of_its_connection_explains_a_call_that_ran_into_its_timeout(ErrorCode said, string expected)
    {
        var failures = new ClientFailures();
        failures.Add(new Error(said, "reason of the broker"));
        failures.Add(new Error(ErrorCode.Local_Transport, "connection closed"));
        var refusal = failures.Describe("Kafka", new KafkaException(new Error(ErrorCode.Local_TimedOut)));
        refusal.Message.ShouldContain(expected);
        refusal.Message.ShouldContain("reason of the broker");
    }

    [Fact]
    public async Task Stopping_while_the_broker_hangs_is_bounded()
    {
        var transport = await ConnectAsync(Impatient with { StopTimeout = TimeSpan.FromSeconds(2), SessionTimeout = TimeSpan.FromSeconds(4) });
        var consumption = Consumption.Start(transport, new Subscription(_topic.Name, "group"));
        await transport.PublishAsync(Messages.Numbered(_topic.Name, "key", 0, 10), Cancel);
        await consumption.HandledAsync(10);
        _broker.Delay(TimeSpan.FromMinutes(5));
        await consumption.StopAsync().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await transport.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    /// <summary>
    /// librdkafka before 2.3 ends the process when a cooperative member leaves between its turn to join and its first share. Whoever joins
    /// ninety groups and leaves them one after the other meets that moment.
    /// </summary>
    [Fact]
    public async Task A_member_may_leave_at_any_moment_after_it_has_joined()
    {
        const int processes = 30;
        var transports = await Task.WhenAll(Enumerable.Range(0, processes).Select(_ => ConnectAsync(new())));
        _broker.Delay(TimeSpan.FromMilliseconds(200));
        var joining = transports.Select((transport, i) => (
            Transport: transport,
            Members: Enumerable.Range(0, 3).Select(j => Consumption.Start(transport, new Subscription(_topic.Name, $"group-{i}-{j}"))).ToList())).ToList();

        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(100));
        var leaving = new List<Task>();
        foreach (var (transport, members) in joining)
        {
            foreach (var member in members.SkipLast(1))
            {
                await timer.WaitForNextTickAsync(Cancel);
                leaving.Add(member.StopAsync());
            }

            await timer.WaitForNextTickAsync(Cancel);
            leaving.Add(transport.DisposeAsync().AsTask());
            leaving.Add(members[^1].Running);
        }

        await Task.WhenAll(leaving).WaitAsync(TimeSpan.FromSeconds(60), Cancel);
    }

    [Fact]
    public void A_topic_that_grows_is_noticed_and_named()
    {
        var insight = new ConsumerInsight("orders.events", TimeSpan.FromSeconds(5));
        insight.Begin(4);
        insight.ReadStatistics(Statistics(4));
        insight.HasGrown.ShouldBeFalse();
        insight.ReadStatistics(Statistics(6));
        insight.HasGrown.ShouldBeTrue();
        insight.Growth.ShouldStartWith("Topic orders.events has 6 partitions now and had 4");

        static string Statistics(int partitions)
        {
            var known = Enumerable.Range(-1, partitions + 1).ToDictionary(number => number.ToString(CultureInfo.InvariantCulture), _ => new { });
            return JsonSerializer.Serialize(new
            {
                ts = 1,
                rx = 1,
                topics = new Dictionary<string, object> { ["orders.events"] = new { partitions = known } },
            });
        }
    }

    [Fact]
    public void A_static_member_has_a_name_for_each_of_its_subscriptions()
    {
        var options = new KafkaTransportOptions { GroupInstanceId = "orders-1" };
        var subscription = new Subscription("orders.events", "orders");
        KafkaSettings.ForConsumer("host:1", options, subscription, embedded: false).GroupInstanceId.ShouldBe("orders-1.orders.events");
        KafkaSettings.ForConsumer("host:1", new(), subscription, embedded: false).GroupInstanceId.ShouldBeNull();
    }

    private async Task<KafkaTransport> ConnectAsync(KafkaTransportOptions options)
    {
        var transport = new KafkaTransport(_broker.Servers, options, NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([_topic], Cancel);
        return transport;
    }

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(50));
        while (!await condition())
            await timer.WaitForNextTickAsync(deadline.Token);
    }
}
