using Messaging;
using Microsoft.Extensions.Logging;
using Npgsql;
using Support;

namespace Patterns.Antipatterns;

/// <summary>
/// Consumers whose position moves on before, or whether or not, the handler has done its work. What holds instead:
/// <see cref="DeliveryTests"/>, <see cref="FailureTests"/>.
/// </summary>
public sealed class SettledTooEarlyTests(Servers servers)
{
    [Theory]
    [InlineData("ack-before-handle", new[] { 2 })]
    [InlineData(null, new[] { 1, 2 })]
    public async Task A_message_that_is_settled_before_it_is_handled_dies_with_its_process(string? antipattern, int[] effects)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        await using var transport = new InMemoryTransport(broker, TimeProvider.System);
        var script = new CountingScript { Before = (_, token) => Task.Delay(Timeout.Infinite, token) };
        await using (var dying = await Broken.StartCountingAsync(database, transport, script, antipattern))
        {
            await dying.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 1))));
            await Eventually.BecomesTrueAsync(() => script.AttemptsAt("a", 1) > 0, "the handler has the message");
            await transport.DisposeAsync();
        }

        await using var next = await Broken.StartCountingAsync(database, broker, new CountingScript(), antipattern);
        await next.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 2))));

        (await Broken.EffectsUntilAsync(database, last: 2)).ShouldBe(effects);
    }

    [Theory]
    [InlineData("auto-commit-offsets", new[] { 2 })]
    [InlineData("ack-before-handle", new[] { 2 })]
    [InlineData(null, new[] { 1, 2 })]
    public async Task A_message_whose_handler_found_the_database_away_is_passed_over(string? antipattern, int[] effects)
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        script.Fail("a", 1, times: 1, () => new NpgsqlException("The connection is broken.", new IOException()));
        await using var service = await Broken.StartCountingAsync(database, new InMemoryBroker(), script, antipattern);

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 1))));
        await Eventually.BecomesTrueAsync(() => script.AttemptsAt("a", 1) > 0, "the first message has failed");
        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, Counting.Of("a", 2))));

        (await Broken.EffectsUntilAsync(database, last: 2)).ShouldBe(effects);
        service.Logs.Of("AutoCommitOffsets", LogLevel.Error).Count.ShouldBe(antipattern == "auto-commit-offsets" ? 1 : 0);
    }
}
