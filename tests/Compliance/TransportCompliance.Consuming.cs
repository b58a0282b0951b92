namespace Compliance;

/// <summary>Groups that consume a topic: order, batches, failing and slow handlers, lag.</summary>
public abstract class Consuming(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Messages_of_a_key_arrive_in_the_order_of_publication_while_others_are_published()
    {
        await using var consumption = Consumption.Start(Transport, Group());
        var keys = Enumerable.Range(0, 8).Select(i => $"order-{i}").ToList();
        await Task.WhenAll(keys.Select(async key =>
        {
            for (var from = 0; from < 100; from += 20)
                await PublishAsync(Messages.Numbered(Topic, key, from, 20));
        }));
        var deliveries = await consumption.HandledAsync(800);
        foreach (var key in keys)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 100));
        foreach (var partition in deliveries.GroupBy(delivery => delivery.Partition))
            partition.Select(delivery => delivery.Position).ShouldBeInOrder(SortDirection.Ascending);
    }

    [Fact]
    public async Task Each_group_gets_every_message()
    {
        await using var first = Consumption.Start(Transport, Group("first"));
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 20));
        await first.HandledAsync(20);
        await using var second = Consumption.Start(Transport, Group("second"));
        await PublishAsync(Messages.Numbered(Topic, "key", 20, 20));

        (await first.HandledAsync(40)).Numbers("key").ShouldBe(Enumerable.Range(0, 40));
        (await second.HandledAsync(40)).Numbers("key").ShouldBe(Enumerable.Range(0, 40));
    }

    [Fact]
    public async Task A_batch_holds_what_is_there_up_to_its_bound_and_does_not_wait_to_fill()
    {
        var gate = new Gate();
        await using var consumption = Consumption.Start(Transport, Group(maxBatch: 10), (batch, token) => gate.PassAsync(token));
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 1));
        await gate.Reached;
        await PublishAsync(Messages.Numbered(Topic, "key", 1, 60));
        gate.Open();
        (await consumption.HandledAsync(61)).Numbers("key").ShouldBe(Enumerable.Range(0, 61));

        var sizes = consumption.Batches.Select(batch => batch.Deliveries.Count).ToList();
        sizes[0].ShouldBe(1, "the first message was alone and must not have waited for company");
        sizes.Max().ShouldBeInRange(2, 10);
        consumption.Batches.ShouldAllBe(batch => batch.Topic == Topic && batch.Group == Group().Group && batch.Deliveries.All(d => d.Partition == batch.Partition));
    }

    [Fact]
    public async Task One_batch_of_a_partition_is_in_hand_at_a_time_and_partitions_run_side_by_side()
    {
        var inHand = new int[4];
        var together = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var overlapped = false;
        await using var consumption = Consumption.Start(Transport, Group(maxBatch: 5), async (batch, token) =>
        {
            overlapped |= Interlocked.Increment(ref inHand[batch.Partition]) > 1;
            if (inHand.All(count => count > 0))
                together.TrySetResult();
            await together.Task.WaitAsync(TimeSpan.FromSeconds(30), token);
            Interlocked.Decrement(ref inHand[batch.Partition]);
        });
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 50)));
        await consumption.HandledAsync(200);
        overlapped.ShouldBeFalse();
    }

    [Fact]
    public async Task When_the_handler_throws_the_same_messages_come_again_in_order_while_other_partitions_flow()
    {
        var bad = Messages.KeyPerPartition[1];
        var good = Messages.KeyPerPartition[2];
        var attempts = new List<List<long>>();
        var goodFlowed = new Gate();
        await using var consumption = Consumption.Start(Transport, Group(maxBatch: 10), async (batch, token) =>
        {
            if (batch.Partition != 1)
                return;
            attempts.Add([.. batch.Deliveries.Select(delivery => delivery.Position)]);
            if (attempts.Count == 3)
                await goodFlowed.PassAsync(token);
            if (attempts.Count <= 3)
                throw new InvalidOperationException("The handler fails, for the test's sake.");
        });
        await PublishAsync(Messages.Numbered(Topic, bad, 0, 30));
        await goodFlowed.Reached;
        await PublishAsync(Messages.Numbered(Topic, good, 0, 30));
        (await consumption.HandledAsync(30)).Numbers(good).ShouldBe(Enumerable.Range(0, 30));
        goodFlowed.Open();

        (await consumption.HandledAsync(60)).Numbers(bad).ShouldBe(Enumerable.Range(0, 30));
        attempts[1].ShouldBe(attempts[0]);
        attempts[2].ShouldBe(attempts[0]);
        attempts[3].ShouldBe(attempts[0]);
    }

    [Fact]
    public async Task A_slow_partition_holds_back_its_own_messages_only_and_loses_none()
    {
        var slow = Messages.KeyPerPartition[0];
        var quick = Messages.KeyPerPartition[3];
        var gate = new Gate();
        await using var consumption = Consumption.Start(
            Transport, Group(maxBatch: 10, prefetch: 20), (batch, token) => batch.Partition == 0 ? gate.PassAsync(token) : Task.CompletedTask);
        await PublishAsync(Messages.Numbered(Topic, slow, 0, 1_000));
        await gate.Reached;
        await PublishAsync(Messages.Numbered(Topic, quick, 0, 300));
        (await consumption.HandledAsync(300)).Numbers(quick).ShouldBe(Enumerable.Range(0, 300));
        gate.Open();
        (await consumption.HandledAsync(1_300)).Numbers(slow).ShouldBe(Enumerable.Range(0, 1_000));
    }

    [Fact]
    public async Task The_lag_counts_what_is_not_settled_and_goes_back_to_zero()
    {
        var gate = new Gate();
        await using var consumption = Consumption.Start(Transport, Group(), (_, token) => gate.PassAsync(token));
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 25)));
        await gate.Reached;
        await LagAsync(lags => lags.Count == 4 && lags.All(lag => lag.Messages == 25));
        gate.Open();
        await LagAsync(lags => lags.Count == 4 && lags.All(lag => lag.Messages == 0));
        (await Transport.GetLagAsync(Cancel)).ShouldAllBe(lag => lag.Topic == Topic && lag.Group == Group().Group);
        await consumption.StopAsync();
        (await Transport.GetLagAsync(Cancel)).ShouldBeEmpty("a subscription that has ended owns nothing");
    }

    [Fact]
    public async Task A_group_that_begins_with_a_backlog_never_tells_that_there_is_none()
    {
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 25)));
        var gate = new Gate();
        await using var consumption = Consumption.Start(Transport, Group(), (_, token) => gate.PassAsync(token));
        await LagAsync(lags =>
        {
            lags.ShouldAllBe(lag => lag.Messages > 0);
            return lags.Count == 4 && lags.All(lag => lag.Messages == 25);
        });
        gate.Open();
    }

    [Fact]
    public async Task An_owner_of_partitions_that_hold_nothing_tells_that_they_hold_nothing()
    {
        await using var consumption = Consumption.Start(Transport, Group());
        await LagAsync(lags => lags.Count == 4 && lags.All(lag => lag.Messages == 0));
    }
}
