using System.Collections.Concurrent;
using Messaging;

namespace Compliance;

/// <summary>Members of one group that share the partitions, come, go and freeze.</summary>
public abstract class Groups(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Two_members_share_the_partitions_and_one_that_leaves_hands_its_own_over()
    {
        var handled = new ConcurrentQueue<Delivery>();
        var published = 0;
        await using var one = Consumption.Start(Transport, Group(maxBatch: 10, prefetch: 20), Record);
        await PublishNextAsync(50);
        await one.HandledAsync(200);
        await using (var two = Consumption.Start(Connect(), Group(maxBatch: 10, prefetch: 20), Record))
        {
            await EventuallyAsync(() => IsSharedAsync(one, two));
            await PublishNextAsync(50);
            await EventuallyAsync(() => Task.FromResult(Distinct() >= published * 4));
            await two.StopAsync();
        }

        await PublishNextAsync(50);
        await EventuallyAsync(() => Task.FromResult(Distinct() >= published * 4));
        foreach (var key in Messages.KeyPerPartition)
            OnceUnlessRefused(handled.Numbers(key)).ShouldBe(Enumerable.Range(0, published), "each message once and in order, whoever owned its partition");

        Task Record(PartitionBatch batch, CancellationToken cancellationToken)
        {
            foreach (var delivery in batch.Deliveries)
                handled.Enqueue(delivery);
            return Task.CompletedTask;
        }

        async Task PublishNextAsync(int count)
        {
            await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, published, count)));
            published += count;
        }

        async Task<bool> IsSharedAsync(Consumption one, Consumption two)
        {
            var (before, beforeTwo) = (one.Batches.Count, two.Batches.Count);
            await PublishNextAsync(1);
            await EventuallyAsync(() => Task.FromResult(Distinct() >= published * 4));
            var (ofOne, ofTwo) = (PartitionsOf(one, before), PartitionsOf(two, beforeTwo));
            return ofOne.Length == 2 && ofTwo.Length == 2 && !ofOne.Intersect(ofTwo).Any();
        }

        int Distinct() => handled.Select(delivery => (delivery.Partition, delivery.Position)).Distinct().Count();

        static int[] PartitionsOf(Consumption member, int since) =>
            [.. member.Batches.Skip(since).Select(batch => batch.Partition).Distinct()];
    }

    [Fact]
    public async Task More_members_than_partitions_are_no_harm()
    {
        var members = Enumerable.Range(0, 5).Select(_ => Consumption.Start(Connect(), Group())).ToList();
        try
        {
            await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 25)));
            await EventuallyAsync(() => Task.FromResult(Handled().Distinct().Count() == 100));
            await Task.WhenAll(members.Skip(1).Select(member => member.StopAsync()));
            await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 25, 25)));
            await EventuallyAsync(() => Task.FromResult(Handled().Distinct().Count() == 200));
        }
        finally
        {
            await Task.WhenAll(members.Select(member => member.DisposeAsync().AsTask()));
        }

        IEnumerable<(int, long)> Handled() => members.SelectMany(member => member.Deliveries).Select(delivery => (delivery.Partition, delivery.Position));
    }

    [Fact]
    public async Task A_member_that_was_frozen_too_long_cannot_settle_and_is_told_to_give_up()
    {
        await using var member = UnderTest.CreateFreezable();
        Assert.SkipWhen(member is null, "A member that can be frozen.");
        var key = Messages.KeyPerPartition[0];
        await PublishAsync(Messages.Numbered(Topic, key, 0, 100));
        var gate = new Gate();
        var batches = 0;
        await using var frozen = Consumption.Start(member.Transport, Group(maxBatch: 10), (_, token) =>
        {
            Interlocked.Increment(ref batches);
            return gate.PassAsync(token);
        });
        await gate.Reached;
        await member.FreezeAsync();
        await using var other = Consumption.Start(Transport, Group(maxBatch: 10));
        (await other.HandledAsync(100)).Numbers(key).ShouldBe(Enumerable.Range(0, 100), "its batch was not settled");
        await member.ThawAsync();
        gate.Open();
        await PublishAsync(Messages.Numbered(Topic, key, 100, 10));
        await frozen.StopAsync();
        await EventuallyAsync(() => Task.FromResult(other.Deliveries.Numbers(key).Contains(109)));
        OnceUnlessRefused(other.Deliveries.Numbers(key)).ShouldBe(Enumerable.Range(0, 110), "nothing the frozen member did moved the group's position");
        batches.ShouldBe(1, "it handled no further batch of a partition that was not its own any more");
    }

    /// <summary>The numbers as they are; without repetitions when the broker itself refused what a member wanted to hand over.</summary>
    private IEnumerable<int> OnceUnlessRefused(IEnumerable<int> numbers)
    {
        if (!UnderTest.HasRefusedPositions)
            return numbers;
        TestContext.Current.AddWarning("The broker refused a position that a member handed over: what came again is not counted.");
        return numbers.Distinct();
    }
}
