using Support;

namespace Patterns;

public sealed class DiscardTests(Servers servers)
{
    [Fact]
    public async Task Those_behind_a_discarded_message_move_up_and_the_first_is_tried_at_once()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);
        await service.ParkAsync("a", 2, "parked");
        await service.ParkAsync("a", 3, "parked");

        (await service.OperateAsync("discard", new { ids = new[] { dead } })).ShouldBe(["discarded"]);

        (await service.ParkedAsync()).ShouldBe(["a/2 parked", "a/3 parked"]);
        (await service.QueuesAsync()).ShouldBe(["key:a due"]);
    }

    [Fact]
    public async Task One_from_the_middle_goes_and_the_queue_stays_held_by_its_first()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkAsync("a", 1);
        var middle = await service.ParkAsync("a", 2, "parked");
        await service.ParkAsync("a", 3, "parked");

        (await service.OperateAsync("discard", new { ids = new[] { middle } })).ShouldBe(["discarded"]);

        (await service.ParkedAsync()).ShouldBe(["a/1 dead", "a/3 parked"]);
        (await service.QueuesAsync()).ShouldBe(["key:a held"]);
    }

    [Fact]
    public async Task An_empty_queue_goes_with_its_last_message()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        long[] ids = [await service.ParkAsync("a", 1), await service.ParkAsync("a", 2, "parked"), await service.ParkAsync(null, 3)];

        (await service.OperateAsync("discard", new { ids })).ShouldBe(["discarded", "discarded", "discarded"]);

        (await service.QueuesAsync()).ShouldBeEmpty();
        (await service.OperateAsync("discard", new { ids })).ShouldBe(["gone", "gone", "gone"]);
    }

    [Theory]
    [InlineData("no key update")] // being retried
    [InlineData("key share")] // being added to
    public async Task What_is_in_other_hands_stays(string strength)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var busy = await service.ParkAsync("a", 1);
        await using var holder = await RedriveTests.HoldQueueAsync(database, "key:a", strength);

        (await service.OperateAsync("discard", new { ids = new[] { busy } })).ShouldBe(["busy"]);

        (await service.ParkedAsync()).ShouldBe(["a/1 dead"]);
    }

    [Fact]
    public async Task A_cause_group_takes_its_dead_only()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        await service.ParkManyAsync(500, "it broke");
        await service.ParkAsync("waits", 1, "parked");
        await service.ParkAsync("typed", 1, type: "patterns.other.v1");

        (await service.OperateAsync("discard", new { group = new { consumer = "counting", cause = "it broke", type = "patterns.counted.v1" } }))
            .ShouldBe(Enumerable.Repeat("discarded", 500));

        (await service.ParkedAsync()).ShouldBe(["waits/1 parked", "typed/1 dead"]);
        (await service.QueuesAsync()).ShouldBe(["key:typed held", "key:waits later"]);
    }
}
