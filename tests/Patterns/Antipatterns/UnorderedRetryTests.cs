using System.Collections.Concurrent;
using Messaging;
using Support;

namespace Patterns.Antipatterns;

/// <summary>Ways to try a message again that every broker offers, and one that needs a table. What holds instead: <see cref="RetryTests"/>.</summary>
public sealed class UnorderedRetryTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("unordered-retry", new[] { 2, 1 })]
    [InlineData(null, new[] { 1, 2 })]
    public async Task Put_aside_for_later_a_message_is_overtaken_unless_the_later_ones_of_its_key_wait_behind_it(string? antipattern, int[] effects)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: 8);
        await using var service = await Broken.StartCountingAsync(database, new InMemoryBroker(), script, antipattern, options =>
            options.Retry = RetryPolicy.Immediately(0).Then([.. Enumerable.Repeat(TimeSpan.FromMilliseconds(50), 20)]));

        await Counting.PublishAsync(service, count: 2, "a");

        await Counting.AllHandledAsync(database, 2);
        (await Counting.EffectsAsync(database, "a")).ShouldBe(effects);
    }

    [Fact]
    public async Task Published_again_to_the_end_a_message_is_overtaken_by_the_later_ones_of_its_key()
    {
        await using var transport = await StartAsync(Messages.New("a", 1), Messages.New("a", 2), Messages.New("a", 3));
        var effects = new ConcurrentQueue<int>();
        var failures = 1;

        await ConsumeAsync(transport, async message =>
        {
            if (Messages.NumberOf(message) == 1 && failures-- > 0)
                await transport.PublishAsync([new OutgoingMessage(Messages.Topic, message with { Id = Message.NewId() })], Cancelled);
            else
                effects.Enqueue(Messages.NumberOf(message));
        }, until: () => effects.Count == 3);

        effects.ShouldBe([2, 3, 1]);
    }

    [Fact]
    public async Task Tried_again_in_place_until_it_succeeds_one_message_stops_every_key_of_its_partition()
    {
        await using var transport = await StartAsync(Messages.New("poison"), Messages.New("healthy"));
        var effects = new ConcurrentQueue<string?>();
        var attempts = 0;

        await ConsumeAsync(transport, message =>
        {
            if (message.PartitionKey == "poison")
            {
                attempts++;
                throw new InvalidOperationException("It never will.");
            }

            effects.Enqueue(message.PartitionKey);
            return Task.CompletedTask;
        }, until: () => attempts >= 5);

        effects.ShouldBeEmpty("the healthy message has waited all the while");
    }

    private static async Task<InMemoryTransport> StartAsync(params Message[] messages)
    {
        var transport = new InMemoryTransport(new InMemoryBroker(), TimeProvider.System);
        await transport.EnsureTopicsAsync([new TopicDefinition(Messages.Topic, 1)], Cancelled);
        await transport.PublishAsync([.. messages.Select(message => new OutgoingMessage(Messages.Topic, message))], Cancelled);
        return transport;
    }

    private static async Task ConsumeAsync(InMemoryTransport transport, Func<Message, Task> handler, Func<bool> until)
    {
        using var stopping = new CancellationTokenSource();
        var consuming = transport.ConsumeAsync(new Subscription(Messages.Topic, "naive"), async (batch, _) =>
        {
            foreach (var delivery in batch.Deliveries)
                await handler(IncomingMessage.From(delivery).Message!);
        }, stopping.Token);
        await Eventually.BecomesTrueAsync(until, "enough has happened");
        await stopping.CancelAsync();
        await consuming;
    }
}
