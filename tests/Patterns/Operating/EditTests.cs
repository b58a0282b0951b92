using System.Text;
using System.Text.Json;
using Messaging;
using Support;

namespace Patterns;

public sealed class EditTests(Servers servers)
{
    private static readonly object Mended = new { key = "a", number = 7 };

    [Fact]
    public async Task An_edited_message_keeps_its_id_its_place_and_in_its_history_what_it_was()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);
        await service.ParkAsync("a", 2, "parked");
        var id = await database.ReadAsync<string>($"select message_id from messaging.parked where parked_id = {dead}");

        var (status, outcome) = await EditAsync(service, dead, Mended, version: 1);

        (status, outcome.GetProperty("outcome").GetString()).ShouldBe((200, "redriven"));
        (await service.ParkedAsync()).ShouldBe(["a/1 parked", "a/2 parked"]);
        (await service.QueuesAsync()).ShouldBe(["key:a due"]);
        var message = await service.GetAsync($"/messages/parked/{dead}");
        message.GetProperty("message").GetProperty("messageId").GetString().ShouldBe(id);
        message.GetProperty("body").GetProperty("number").GetInt32().ShouldBe(7);
        var edit = message.GetProperty("history").EnumerateArray().Last();
        edit.GetProperty("what").GetString().ShouldBe("edited");
        Encoding.UTF8.GetString(edit.GetProperty("body").GetBytesFromBase64()).ShouldBe("""{"key":"a","number":1}""");
    }

    [Fact]
    public async Task An_edited_message_has_its_effect_once_and_before_those_behind_it()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue);
        var transport = new RecordingTransport(new InMemoryTransport(new InMemoryBroker(), TimeProvider.System));
        await using var service = await OperatedService.StartAsync(database, transport, messaging => Counting.Receive(messaging, script));
        await service.SendAsync("a", 3);
        await Eventually.BecomesTrueAsync(async () => (await service.ParkedAsync()).Length == 3 && (await service.QueuesAsync()) is ["key:a held"], "all wait");
        var dead = await database.ReadAsync<long>("select min(parked_id) from messaging.parked");

        (await EditAsync(service, dead, Mended)).Status.ShouldBe(200);

        await Counting.AllHandledAsync(database, 3);
        (await Counting.EffectsAsync(database, "a")).ShouldBe([7, 2, 3]);
    }

    [Fact]
    public async Task Of_edits_and_redrives_at_once_exactly_one_is_done()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        for (var round = 0; round < 20; round++)
        {
            var dead = await service.ParkAsync($"a{round}", 1);
            var edits = Enumerable.Range(0, 3).Select(number => EditAsync(service, dead, new { key = $"a{round}", number }));
            var redrives = Enumerable.Range(0, 3).Select(_ => service.OperateAsync("redrive", new { ids = new[] { dead } }));

            var (edited, redriven) = (Task.WhenAll(edits), Task.WhenAll(redrives));
            var done = (await edited).Count(edit => edit.Status == 200) + (await redriven).Count(outcomes => outcomes[0] == "redriven");

            done.ShouldBe(1);
            (await database.CountAsync($"messaging.parked where parked_id = {dead} and jsonb_array_length(history) = 2")).ShouldBe(1);
        }
    }

    [Theory]
    [InlineData("""[1]""", "The body of a message is a JSON object.")]
    [InlineData("""{"key":"a"}""", "number")]
    [InlineData("""{"key":"a","number":"many"}""", "$.number")]
    [InlineData("""{"key":"b","number":1}""", "The body belongs to key 'b', the message to 'a'.")]
    public async Task A_body_that_does_not_fit_the_message_is_refused_with_the_reason(string body, string reason)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);

        var (status, problem) = await EditAsync(service, dead, JsonElement.Parse(body));

        status.ShouldBe(422);
        problem.GetProperty("type").GetString().ShouldBe("/messages/problems/unfit-body");
        problem.GetProperty("detail").GetString()!.ShouldContain(reason);
        (await service.ParkedAsync()).ShouldBe(["a/1 dead"]);
    }

    [Fact]
    public async Task What_has_changed_is_not_dead_is_busy_or_gone_is_not_edited()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        await using var service = await OperatedService.StartAsync(database);
        var dead = await service.ParkAsync("a", 1);
        var behind = await service.ParkAsync("a", 2, "parked");
        var unknown = await service.ParkAsync("u", 1, type: "patterns.unheard-of.v1");

        await ShouldRefuseAsync(dead, 409, "message-changed", version: 2);
        await ShouldRefuseAsync(behind, 409, "message-not-dead");
        await ShouldRefuseAsync(unknown, 422, "unfit-body");
        await ShouldRefuseAsync(4711, 404, "message-not-found");
        await using (await RedriveTests.HoldQueueAsync(database, "key:a"))
            await ShouldRefuseAsync(dead, 409, "message-busy");
        (await service.ParkedAsync()).ShouldBe(["a/1 dead", "a/2 parked", "u/1 dead"]);

        async Task ShouldRefuseAsync(long id, int status, string type, int? version = null)
        {
            var (seen, problem) = await EditAsync(service, id, Mended, version);
            (seen, problem.GetProperty("type").GetString()).ShouldBe((status, $"/messages/problems/{type}"));
        }
    }

    [Fact]
    public async Task What_the_broker_refused_is_sent_with_its_new_body_under_its_id()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var transport = new RecordingTransport();
        await using var service = await OperatedService.StartAsync(database, transport);
        var refused = await service.ParkAsync("a", 1, consumer: "outbox");
        var id = await database.ReadAsync<string>("select message_id from messaging.parked");

        (await EditAsync(service, refused, Mended)).Status.ShouldBe(200);

        await Eventually.BecomesTrueAsync(() => transport.Arrived.Count == 1, "it is sent");
        transport.Arrived[0].Id.ShouldBe(id);
        Encoding.UTF8.GetString(transport.Arrived[0].Body.Span).ShouldBe("""{"key":"a","number":7}""");
        (await database.CountAsync("messaging.parked")).ShouldBe(0);
        (await service.QueuesAsync()).ShouldBeEmpty();
    }

    private static Task<(int Status, JsonElement Body)> EditAsync(OperatedService service, long id, object body, int? version = null) =>
        service.PostAsync($"/messages/parked/{id}/edit-and-redrive", new { body, version });
}
