using Messaging;

namespace Compliance;

/// <summary>Reading a topic again, beside the groups.</summary>
public abstract class Reading(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Reading_from_the_beginning_to_the_present_gives_every_message_in_order_and_ends()
    {
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 50)));
        var read = await ReadAsync(ReadFrom.Beginning);
        read.Count.ShouldBe(200);
        foreach (var key in Messages.KeyPerPartition)
            read.Numbers(key).ShouldBe(Enumerable.Range(0, 50));
    }

    [Fact]
    public async Task Reading_an_empty_topic_to_the_present_ends_at_once() => (await ReadAsync(ReadFrom.Beginning)).ShouldBeEmpty();

    [Fact]
    public async Task Reading_settles_nothing_and_disturbs_no_group()
    {
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 20));
        await using var consumption = Consumption.Start(Transport, Group());
        await consumption.HandledAsync(20);
        (await ReadAsync(ReadFrom.Beginning)).Count.ShouldBe(20);
        (await ReadAsync(ReadFrom.Beginning)).Count.ShouldBe(20, "a read leaves no trace");
        await PublishAsync(Messages.Numbered(Topic, "key", 20, 5));
        (await consumption.HandledAsync(25)).Numbers("key").ShouldBe(Enumerable.Range(0, 25));
    }

    [Fact]
    public async Task Reading_from_positions_begins_with_the_message_there()
    {
        var (first, second) = (Messages.KeyPerPartition[1], Messages.KeyPerPartition[2]);
        await PublishAsync(Messages.Numbered(Topic, first, 0, 20).Concat(Messages.Numbered(Topic, second, 0, 10)));
        var eighth = (await ReadAsync(ReadFrom.Beginning)).Where(delivery => delivery.Partition == 1).ElementAt(8).Position;

        var read = await ReadAsync(ReadFrom.Positions(new Dictionary<int, long> { [1] = eighth }));
        read.Numbers(first).ShouldBe(Enumerable.Range(8, 12));
        read.Numbers(second).ShouldBe(Enumerable.Range(0, 10), "a partition not named begins at the beginning");
    }

    [Fact]
    public async Task Reading_from_behind_the_last_message_gives_nothing_yet_and_ends()
    {
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 5)));
        var ends = (await ReadAsync(ReadFrom.Beginning)).GroupBy(delivery => delivery.Partition).ToDictionary(of => of.Key, of => of.Max(d => d.Position) + 1);
        (await ReadAsync(ReadFrom.Positions(ends))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Reading_from_a_time_begins_with_the_first_message_stored_since()
    {
        Assert.SkipUnless(Transport.Capabilities.ReplayByTime, nameof(TransportCapabilities.ReplayByTime));
        await PublishAsync(Messages.KeyPerPartition.SelectMany(key => Messages.Numbered(Topic, key, 0, 10)));
        var since = await NextMomentAsync();
        await PublishAsync(Messages.KeyPerPartition[..3].SelectMany(key => Messages.Numbered(Topic, key, 10, 10)));

        var read = await ReadAsync(ReadFrom.Time(since));
        read.Count.ShouldBe(30);
        foreach (var key in Messages.KeyPerPartition[..3])
            read.Numbers(key).ShouldBe(Enumerable.Range(10, 10));
        (await ReadAsync(ReadFrom.Time(since - TimeSpan.FromDays(1)))).Count.ShouldBe(70);
        (await ReadAsync(ReadFrom.Time(since + TimeSpan.FromDays(1)))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Reading_leaves_out_types_that_are_not_wanted()
    {
        await PublishAsync(OfTypes("a.v1", "b.v1", "c.v1", "a.v1", "b.v1"));
        await UnderTest.PublishForeignAsync(Topic, "key", "no type at all");
        (await ReadAsync(ReadFrom.Beginning, "a.v1", "c.v1")).Numbers("key").ShouldBe([0, 2, 3]);
        (await ReadAsync(ReadFrom.Beginning, "d.v1")).ShouldBeEmpty();
    }

    [Fact]
    public async Task Reading_live_follows_what_is_published_until_cancelled()
    {
        SkipUnlessReplays();
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 10));
        using var stopping = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        stopping.CancelAfter(TimeSpan.FromSeconds(60));
        var read = new List<Delivery>();
        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var delivery in Transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), stopping.Token))
            {
                read.Add(delivery);
                if (read.Count is 10 or 20)
                    await PublishAsync(Messages.Numbered(Topic, "key", read.Count, 10));
                if (read.Count == 30)
                    await stopping.CancelAsync();
            }
        });
        read.Numbers("key").ShouldBe(Enumerable.Range(0, 30));
    }

    [Fact]
    public async Task A_read_that_is_left_early_does_not_keep_the_transport_from_closing()
    {
        SkipUnlessReplays();
        await PublishAsync(Messages.Numbered(Topic, "key", 0, 100));
        await using var transport = UnderTest.Create();
        await foreach (var delivery in transport.ReadAsync(new ReadRequest(Topic, ReadFrom.Beginning, ReadUntil.Live), Cancel))
        {
            delivery.Text().ShouldBe("0");
            break;
        }

        await transport.DisposeAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_cannot_be_read()
    {
        SkipUnlessReplays();
        var refusal = await Should.ThrowAsync<TopicNotFoundException>(async () =>
        {
            await foreach (var _ in Transport.ReadAsync(new ReadRequest("no.such." + Topic, ReadFrom.Beginning, ReadUntil.Present), Cancel))
                Assert.Fail("There is nothing to read.");
        });
        refusal.Topic.ShouldBe("no.such." + Topic);
    }

    private async Task<List<Delivery>> ReadAsync(ReadFrom from, params string[] types)
    {
        SkipUnlessReplays();
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        var request = new ReadRequest(Topic, from, ReadUntil.Present) { Types = types.Length > 0 ? types.ToHashSet(StringComparer.Ordinal) : null };
        var read = new List<Delivery>();
        await foreach (var delivery in Transport.ReadAsync(request, deadline.Token))
            read.Add(delivery);
        return read;
    }

    private void SkipUnlessReplays() =>
        Assert.SkipUnless(Transport.Capabilities.ReplayByPosition, nameof(TransportCapabilities.ReplayByPosition));

    /// <summary>A time after everything stored so far and before everything stored later; brokers count milliseconds.</summary>
    private static async Task<DateTimeOffset> NextMomentAsync()
    {
        var now = DateTimeOffset.UtcNow;
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10));
        while (DateTimeOffset.UtcNow - now < TimeSpan.FromMilliseconds(20))
            await timer.WaitForNextTickAsync(Cancel);
        var moment = DateTimeOffset.UtcNow;
        while (DateTimeOffset.UtcNow - moment < TimeSpan.FromMilliseconds(20))
            await timer.WaitForNextTickAsync(Cancel);
        return moment;
    }
}
