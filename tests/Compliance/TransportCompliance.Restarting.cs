namespace Compliance;

/// <summary>Consumers that stop, crash and come again.</summary>
public abstract class Restarting(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task A_restart_continues_behind_the_last_settled_message()
    {
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 30)));
        await using (var first = Consumption.Start(Transport, Group()))
        {
            await first.HandledAsync(120);
            await first.StopAsync();
        }

        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 30, 10)));
        await using var second = Consumption.Start(Connect(), Group());
        var deliveries = await second.HandledAsync(40);
        foreach (var key in Messages.KeyPerPartition)
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(30, 10));
    }

    [Fact]
    public async Task Stopping_lets_the_handler_in_hand_finish_and_settles_its_batch_and_no_more()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 30));
        var gate = new Gate();
        var wasCancelled = false;
        var inHand = 0;
        await using (var first = Consumption.Start(Transport, Group(maxBatch: 10), async (_, token) =>
        {
            await gate.PassAsync(token);
            wasCancelled |= token.IsCancellationRequested;
        }))
        {
            await gate.Reached;
            var stopped = first.StopAsync();
            stopped.IsCompleted.ShouldBeFalse("the handler has not finished");
            gate.Open();
            await stopped;
            wasCancelled.ShouldBeFalse();
            inHand = first.Batches.ShouldHaveSingleItem().Deliveries.Count;
            first.Deliveries.Numbers("key").ShouldBe(Enumerable.Range(0, inHand));
        }

        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(30 - inHand)).Numbers("key").ShouldBe(Enumerable.Range(inHand, 30 - inHand));
    }

    [Fact]
    public async Task What_no_handler_finished_before_a_crash_comes_again_at_once_and_ahead_of_newer_messages()
    {
        var keys = Messages.KeyPerPartition;
        await PublishAsync(keys.SelectMany(key => Messages.Numbered(Topic, key, 0, 100)));
        var crashing = Connect();
        var (others, gate) = (new Gate(), new Gate());
        var finished = 0;
        await using (var first = Consumption.Start(crashing, Group(maxBatch: 10), (batch, token) =>
        {
            if (batch.Partition != 0)
                return others.PassAsync(token);
            if (finished >= 20)
                return gate.PassAsync(token); // What was finished before is settled.
            finished += batch.Deliveries.Count;
            return Task.CompletedTask;
        }))
        {
            await first.HandledAsync(20);
            await Task.WhenAll(others.Reached, gate.Reached);
            await crashing.DisposeAsync();
            first.Deliveries.Numbers(keys[0]).ShouldBe(Enumerable.Range(0, finished));
        }

        await PublishAsync(keys.SelectMany(key => Messages.Numbered(Topic, key, 100, 20)));
        var began = TimeProvider.System.GetTimestamp();
        await using var second = Consumption.Start(Connect(), Group(maxBatch: 10));
        var deliveries = await second.HandledAsync(480 - finished);
        TimeProvider.System.GetElapsedTime(began).ShouldBeLessThan(TimeSpan.FromSeconds(20), "what a dead owner held must not wait for a timeout");
        deliveries.Numbers(keys[0]).ShouldBe(Enumerable.Range(finished, 120 - finished), "finished work does not come again, unfinished work does");
        foreach (var key in keys[1..])
            deliveries.Numbers(key).ShouldBe(Enumerable.Range(0, 120));
    }

    [Fact]
    public async Task A_failing_handler_does_not_keep_a_subscription_from_stopping()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 3));
        var gate = new Gate();
        gate.Open();
        await using (var first = Consumption.Start(Transport, Group(), async (_, token) =>
        {
            await gate.PassAsync(token);
            throw new InvalidOperationException("The handler fails, for the test's sake.");
        }))
        {
            await gate.Reached;
            await first.StopAsync();
        }

        await using var second = Consumption.Start(Connect(), Group());
        (await second.HandledAsync(3)).Numbers("key").ShouldBe([0, 1, 2]);
    }

    [Fact]
    public async Task Order_per_key_survives_many_restarts_under_load()
    {
        var key = Messages.KeyPerPartition[2];
        var seen = new List<int>();
        var publishing = PublishAllAsync();
        for (var run = 0; seen.LastOrDefault(-1) < 1_999; run++)
        {
            run.ShouldBeLessThan(100, "every run must make progress");
            await using var transport = UnderTest.Create();
            await using var consumption = Consumption.Start(transport, Group(maxBatch: 20, prefetch: 50));
            await consumption.HandledAsync(Math.Min(500, 1_999 - seen.LastOrDefault(-1)));
            if (run % 2 == 0)
                await consumption.StopAsync();
            else
                await transport.DisposeAsync();
            seen.AddRange(consumption.Deliveries.Numbers(key));
        }

        await publishing;
        // What a member that is cut off has handled may come again to the next one, but nothing is skipped and nothing overtakes.
        seen.Distinct().ShouldBe(Enumerable.Range(0, 2_000));

        async Task PublishAllAsync()
        {
            for (var from = 0; from < 2_000; from += 50)
                await PublishAsync(Messages.Numbered(Topic, key, from, 50));
        }
    }
}
