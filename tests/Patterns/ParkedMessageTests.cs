using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Support;

namespace Patterns;

public sealed class ParkedMessageTests(Servers servers)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_parked_message_holds_back_the_later_ones_of_its_key_and_no_others(bool dead)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await ParkAsync(service, Messages.Incoming(Messages.New("held")), new Parking(dead, "poison", 3));

        var admissions = await InboxTests.ReceiveAsync(service, "consumer",
        [
            Messages.Incoming(Messages.New("free"), 2), Messages.Incoming(Messages.New("held"), 3),
            Messages.Incoming(Messages.New("other"), 4), Messages.Incoming(Messages.New("held"), 5),
        ]);

        admissions.ShouldBe([Admission.Handle, Admission.ParkBehind, Admission.Handle, Admission.ParkBehind]);
        (await InboxTests.ReceiveAsync(service, "another", [Messages.Incoming(Messages.New("held"), 6)])).ShouldBe([Admission.Handle]);
    }

    [Fact]
    public async Task A_parked_message_keeps_everything_that_is_known_of_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.New("key", 5);

        await ParkAsync(service, Messages.Incoming(message, 42), new Parking(Dead: true, "it broke", 3, "at line 1\nat line 2"));

        (await database.CountAsync($$"""
            messaging.parked where consumer = 'consumer' and message_id = '{{message.Id}}' and topic = 'patterns.events' and partition = 0
              and position = 42 and type = 'patterns.counted.v1' and key = 'key' and attributes ->> 'source' = '/patterns'
              and convert_from(body, 'UTF8') = '{"number":5}' and state = 'dead' and cause = 'it broke' and detail like '%line 2' and attempts = 3
            """)).ShouldBe(1);
    }

    [Fact]
    public async Task Parking_is_part_of_the_transaction()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));

        await using (var scope = service.CreateScope())
        {
            var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
            await store.AdmitAsync("consumer", [message], Cancelled);
            await store.ParkAsync("consumer", [(message, new Parking(Dead: true, "never committed", 1))], Cancelled);
        }

        (await database.CountAsync("messaging.parked")).ShouldBe(0);
        (await InboxTests.ReceiveAsync(service, "consumer", [message])).ShouldBe([Admission.Handle]);
    }

    [Fact]
    public async Task A_message_that_was_parked_and_comes_again_is_a_duplicate()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        var message = Messages.Incoming(Messages.New("key"));
        await ParkAsync(service, message, new Parking(Dead: true, "poison", 3));

        (await InboxTests.ReceiveAsync(service, "consumer", [message])).ShouldBe([Admission.Duplicate]);
    }

    [Fact]
    public async Task What_cannot_be_understood_can_be_parked_and_without_a_key_holds_nobody_back()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        await ParkAsync(service, Messages.Undecodable(1, key: null), new Parking(Dead: true, "undecodable", 0));
        await ParkAsync(service, Messages.Undecodable(2, key: ""), new Parking(Dead: true, "undecodable", 0));

        (await InboxTests.ReceiveAsync(service, "consumer", [Messages.Undecodable(3, key: null), Messages.Incoming(Messages.New("key"), 4)]))
            .ShouldBe([Admission.Handle, Admission.Handle]);
        (await database.CountAsync("messaging.parked where key is null and type is null and message_id like 'patterns.events/0/%' and body = '\\x00c3bf'")).ShouldBe(2);
    }

    [Fact]
    public async Task Text_that_PostgreSQL_cannot_store_is_made_readable_and_still_tells_keys_apart()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await TestService.StartAsync(database, new RecordingTransport());
        const string bad = "nul \0 half \ud800 end";
        var message = Messages.Undecodable(1, bad, KeyValuePair.Create(bad, bad), KeyValuePair.Create("id", "x\0"));

        await ParkAsync(service, message, new Parking(Dead: true, bad, 0, bad));

        (await database.CountAsync("messaging.parked where cause = U&'nul \\FFFD half \\FFFD end' and attributes ->> 'id' = U&'x\\FFFD'")).ShouldBe(1);
        (await InboxTests.ReceiveAsync(service, "consumer",
        [
            Messages.Incoming(Messages.New(bad.Replace('\0', '\ufffd').Replace('\ud800', '\ufffd')), 2), Messages.Undecodable(3, bad),
        ])).ShouldBe([Admission.Handle, Admission.ParkBehind]);
    }

    private static async Task ParkAsync(TestService service, IncomingMessage message, Parking parking)
    {
        await using var scope = service.CreateScope();
        var store = scope.ServiceProvider.GetRequiredService<IReceiveStore>();
        (await store.AdmitAsync("consumer", [message], Cancelled)).ShouldHaveSingleItem();
        await store.ParkAsync("consumer", [(message, parking)], Cancelled);
        await store.CommitAsync(Cancelled);
    }
}
