using Messaging;
using Messaging.JetStream;
using Microsoft.Extensions.Logging.Abstractions;
using Support;

namespace Compliance;

/// <summary>What becomes of the rest of a batch when the stream refuses one of its messages, and of topics that change.</summary>
public sealed class JetStreamPublishing(Servers servers)
{
    private readonly string _topic = $"t{Guid.NewGuid():N}.events";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string Stream => _topic.Replace('.', '_');

    [Fact]
    public async Task A_message_that_the_stream_refuses_is_not_overtaken_by_those_behind_it()
    {
        await using var transport = await ConnectAsync();
        await UpdateStreamAsync(config => config.MaxMsgSize = 2_000);
        var refused = Messages.Create("bad", new byte[4_000]);
        List<OutgoingMessage> batch =
        [
            .. Messages.Numbered(_topic, "bad", 0, 3),
            new OutgoingMessage(_topic, refused),
            .. Messages.Numbered(_topic, "bad", 3, 300),
            .. Messages.Numbered(_topic, "good", 0, 300),
        ];
        var outcome = await transport.PublishAsync(batch, Cancel);

        outcome.Failures.Select(failure => failure.Index).ShouldBe(Enumerable.Range(3, 301));
        outcome.Failures[0].Cause.Message.ShouldContain("size");
        outcome.Failures.Skip(1).ShouldAllBe(failure => failure.Cause is PrecedingMessageFailedException && failure.Cause.Message.Contains(refused.Id));
        var stored = await ReadAsync(transport);
        stored.Numbers("bad").ShouldBe([0, 1, 2]);
        stored.Numbers("good").ShouldBe(Enumerable.Range(0, 300));
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_fails_its_own_messages_only()
    {
        await using var transport = await ConnectAsync();
        var outcome = await transport.PublishAsync(
            [.. Messages.Numbered("no.such." + _topic, "key", 0, 2), .. Messages.Numbered(_topic, "key", 0, 2)], Cancel);

        outcome.Failures.Select(failure => failure.Index).ShouldBe([0, 1]);
        outcome.Failures.ShouldAllBe(failure => failure.Cause is TopicNotFoundException);
        (await ReadAsync(transport)).Numbers("key").ShouldBe([0, 1]);
    }

    [Fact]
    public async Task A_topic_that_is_removed_is_named_as_such_from_the_second_call_on()
    {
        await using var transport = await ConnectAsync();
        await using (var nats = new NatsConnection(new NatsOpts { Url = await servers.NatsAsync() }))
            await new NatsJSContext(nats).DeleteStreamAsync(Stream, Cancel);
        (await transport.PublishAsync(Messages.Numbered(_topic, "key", 0, 1), Cancel)).Failures.ShouldHaveSingleItem();
        var outcome = await transport.PublishAsync(Messages.Numbered(_topic, "key", 0, 1), Cancel);
        outcome.Failures.ShouldHaveSingleItem().Cause.ShouldBeOfType<TopicNotFoundException>().Topic.ShouldBe(_topic);

        await transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
        (await transport.PublishAsync(Messages.Numbered(_topic, "key", 0, 1), Cancel)).Succeeded.ShouldBeTrue();
    }

    [Fact]
    public async Task Nothing_is_published_to_a_topic_whose_number_of_partitions_has_changed()
    {
        await using var transport = await ConnectAsync();
        (await transport.PublishAsync(Messages.Numbered(_topic, "key", 0, 1), Cancel)).Succeeded.ShouldBeTrue();
        await UpdateStreamAsync(config => config.Subjects = [$"{_topic}.0.>", $"{_topic}.1.>"]);

        // Keys of the partitions that are left are not known to be affected until one that is not has failed.
        var keys = Messages.KeyPerPartition;
        (await transport.PublishAsync(Messages.Numbered(_topic, keys[3], 0, 1), Cancel)).Failures.ShouldHaveSingleItem();
        var outcome = await transport.PublishAsync([.. keys.SelectMany(key => Messages.Numbered(_topic, key, 0, 1))], Cancel);
        outcome.Failures.Count.ShouldBe(4);
        var cause = outcome.Failures[0].Cause.ShouldBeOfType<TopicChangedException>();
        cause.Message.ShouldContain("4");
        cause.Message.ShouldContain("2");
    }

    private async Task<JetStreamTransport> ConnectAsync()
    {
        var transport = new JetStreamTransport(await servers.NatsAsync(), new JetStreamTransportOptions(), NullLoggerFactory.Instance, TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(_topic)], Cancel);
        return transport;
    }

    private async Task UpdateStreamAsync(Action<StreamConfig> change)
    {
        await using var nats = new NatsConnection(new NatsOpts { Url = await servers.NatsAsync() });
        var jetStream = new NatsJSContext(nats);
        var config = (await jetStream.GetStreamAsync(Stream, cancellationToken: Cancel)).Info.Config;
        change(config);
        await jetStream.UpdateStreamAsync(config, Cancel);
    }

    private async Task<List<Delivery>> ReadAsync(JetStreamTransport transport)
    {
        var read = new List<Delivery>();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(_topic, ReadFrom.Beginning, ReadUntil.Present), Cancel))
            read.Add(delivery);
        return read;
    }
}
