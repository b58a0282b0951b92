using System.Collections.Concurrent;
using Messaging;

namespace Compliance;

/// <summary>At most once and at least once, and what a crash leaves of each.</summary>
public abstract class Delivering(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task At_least_once_repeats_what_was_in_hand_at_a_crash()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 10));
        var inHand = await CrashInTheMiddleAsync(DeliveryMode.AtLeastOnce);
        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(10)).Numbers("key").ShouldBe(Enumerable.Range(0, 10), $"{inHand} messages were in hand and not settled");
    }

    [Fact]
    public async Task At_most_once_loses_what_was_in_hand_at_a_crash_and_nothing_else()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 10));
        var inHand = await CrashInTheMiddleAsync(DeliveryMode.AtMostOnce);
        await PublishAsync(Messages.Numbered(Topic, "key", 10, 1));
        await using var second = Consumption.Start(Connect(), Group() with { Mode = DeliveryMode.AtMostOnce });
        (await second.HandledAsync(11 - inHand)).Numbers("key").ShouldBe(Enumerable.Range(inHand, 11 - inHand));
    }

    [Fact]
    public async Task At_most_once_does_not_repeat_what_a_handler_threw_at()
    {
        var seen = new ConcurrentQueue<int>();
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 10));
        await using var consumption = Consumption.Start(Transport, Group(maxBatch: 1) with { Mode = DeliveryMode.AtMostOnce }, (batch, _) =>
        {
            var number = batch.Deliveries.Numbers("key").Single();
            seen.Enqueue(number);
            return number % 2 == 0 ? Task.CompletedTask : throw new InvalidOperationException("The handler fails, for the test's sake.");
        });
        await consumption.HandledAsync(5);
        await EventuallyAsync(() => Task.FromResult(seen.Count >= 10));
        await consumption.StopAsync();
        seen.ShouldBe(Enumerable.Range(0, 10));
    }

    [Fact]
    public async Task A_group_gets_only_the_types_it_wants_and_the_rest_is_settled_unseen()
    {
        await PublishAsync(OfTypes("a.v1", "b.v1", "c.v1", "a.v1", "b.v1", "b.v1"));
        await using (var first = Consumption.Start(Transport, Group() with { Types = new HashSet<string> { "a.v1", "c.v1" } }))
        {
            (await first.HandledAsync(3)).Numbers("key").ShouldBe([0, 2, 3]);
            await LagAsync(lags => lags.Count == 4 && lags.All(lag => lag.Messages == 0));
            await first.StopAsync();
        }

        await PublishAsync(OfTypes("b.v1"));
        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(1)).ShouldHaveSingleItem().Attribute("type").ShouldBe("b.v1", "what was not wanted is behind the group");
    }

    [Fact]
    public async Task A_message_that_every_handler_chokes_on_stops_its_partition_and_no_other()
    {
        var poisoned = Messages.KeyPerPartition[0];
        var attempts = 0;
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 50)));
        await using (var consumption = Consumption.Start(Transport, Group(maxBatch: 1), (batch, _) =>
        {
            if (batch.Partition != 0 || batch.Deliveries.Numbers(poisoned).Single() < 10)
                return Task.CompletedTask;
            Interlocked.Increment(ref attempts);
            throw new InvalidOperationException("The handler fails, for the test's sake.");
        }))
        {
            var deliveries = await consumption.HandledAsync(160);
            deliveries.Numbers(poisoned).ShouldBe(Enumerable.Range(0, 10));
            await EventuallyAsync(() => Task.FromResult(Volatile.Read(ref attempts) >= 3));
            await consumption.StopAsync();
        }

        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(40)).Numbers(poisoned).ShouldBe(Enumerable.Range(10, 40), "a cure comes in time: nothing was skipped");
    }

    [Fact]
    public async Task A_transport_that_closes_tells_the_handler_in_hand_to_give_up()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 1));
        var closing = Connect();
        var gate = new Gate();
        var cancelled = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var consumption = Consumption.Start(closing, Group(), async (_, token) =>
        {
            try
            {
                await gate.PassAsync(token);
            }
            catch (OperationCanceledException) when (token.IsCancellationRequested)
            {
                cancelled.SetResult();
                throw;
            }
        });
        await gate.Reached;
        await closing.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        await cancelled.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        consumption.Batches.ShouldBeEmpty();
        await closing.DisposeAsync();
    }

    [Fact]
    public async Task Thousands_of_keys_keep_each_its_own_order()
    {
        var keys = Enumerable.Range(0, 5_000).Select(i => $"order-{i}").ToList();
        for (var number = 0; number < 3; number++)
            await PublishAsync(keys.SelectMany(key => Messages.Numbered(Topic, key, number, 1)));
        await using var consumption = Consumption.Start(Transport, Group(maxBatch: 500, prefetch: 2_000));
        var byKey = (await consumption.HandledAsync(15_000)).ToLookup(delivery => delivery.Attribute("partitionkey"), delivery => delivery.Text());
        byKey.Count.ShouldBe(5_000);
        byKey.ShouldAllBe(numbers => numbers.SequenceEqual(new[] { "0", "1", "2" }));
    }

    [Fact]
    public async Task A_bounded_number_of_messages_is_held_while_a_handler_is_slow_and_finished_work_is_not_repeated()
    {
        var gate = new Gate();
        await PublishAsync(Messages.Numbered(Topic, Messages.KeyPerPartition[0], 0, 2_000));
        var handled = 0;
        await using (var first = Consumption.Start(Transport, Group(maxBatch: 10, prefetch: 20), async (_, token) =>
        {
            if (Interlocked.Increment(ref handled) == 5)
                await gate.PassAsync(token);
        }))
        {
            await gate.Reached;
            await first.HandledAsync(4);
            var stopped = first.StopAsync();
            gate.Open();
            await stopped;
            handled.ShouldBe(5, "what was prefetched and not begun stays with the broker");
            handled = first.Deliveries.Count;
        }

        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(2_000 - handled)).Numbers(Messages.KeyPerPartition[0]).ShouldBe(Enumerable.Range(handled, 2_000 - handled));
    }

    /// <summary>A member takes a batch in hand and is cut off. How many messages that batch had.</summary>
    private async Task<int> CrashInTheMiddleAsync(DeliveryMode mode)
    {
        var crashing = Connect();
        var gate = new Gate();
        var inHand = 0;
        await using var first = Consumption.Start(crashing, Group(maxBatch: 4) with { Mode = mode }, (batch, token) =>
        {
            inHand = batch.Deliveries.Count;
            return gate.PassAsync(token);
        });
        await gate.Reached;
        await crashing.DisposeAsync();
        first.Batches.ShouldBeEmpty();
        return inHand;
    }
}
