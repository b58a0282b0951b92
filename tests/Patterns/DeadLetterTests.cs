using System.Text.Json;
using Messaging;
using Support;

namespace Patterns;

public sealed class DeadLetterTests(Servers servers)
{
    [Fact]
    public async Task A_dead_message_is_copied_to_the_dead_letters_with_its_attributes_and_cause()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        var script = new CountingScript();
        script.Fail("a", 1, times: int.MaxValue, () => new InvalidOperationException("two\nlines"));
        await using var service = await Counting.StartAsync(database, broker, script);
        var message = Counting.Of("a", 1) with { CorrelationId = "conversation", Extensions = new Dictionary<string, string> { ["mine"] = "kept" } };

        await service.SendAsync(new OutboxEntry(new OutgoingMessage(Messages.Topic, message)));
        var copy = (await ReadDeadLettersAsync(broker, 1)).ShouldHaveSingleItem();

        copy.Id.ShouldNotBe(message.Id);
        copy.Type.ShouldBe(message.Type);
        copy.Source.ShouldBe(message.Source);
        copy.CorrelationId.ShouldBe("conversation");
        copy.PartitionKey.ShouldBe("a");
        copy.Body.ToArray().ShouldBe(message.Body.ToArray());
        copy.Extensions["mine"].ShouldBe("kept");
        copy.Extensions["deadid"].ShouldBe(message.Id);
        copy.Extensions["deadcause"].ShouldBe("InvalidOperationException: two lines");
        copy.Extensions["deadattempts"].ShouldBe("4");
        copy.Extensions["deadconsumer"].ShouldBe(Counting.GroupOf(Messages.Topic));
        copy.Extensions["deadtopic"].ShouldBe(Messages.Topic);
        DateTimeOffset.Parse(copy.Extensions["deadat"], System.Globalization.CultureInfo.InvariantCulture).ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_cannot_be_read_is_dead_at_once_and_its_copy_keeps_what_there_was()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var broker = new InMemoryBroker();
        await using var service = await Counting.StartAsync(database, broker, new CountingScript());

        broker.Append(Messages.Topic, "a", id: null, [new("type", "half"), new("X-Odd", "header")], "\0\u00ff"u8.ToArray());
        var copy = (await ReadDeadLettersAsync(broker, 1)).ShouldHaveSingleItem();

        copy.Type.ShouldBe(DeadLetters.UnreadableType);
        copy.Source.ShouldBe("/patterns");
        copy.Body.ToArray().ShouldBe("\0\u00ff"u8.ToArray());
        copy.Extensions["deadcause"].ShouldBe("undecodable: attribute id is missing");
        JsonSerializer.Deserialize<Dictionary<string, string>>(copy.Extensions["deadattributes"])!["X-Odd"].ShouldBe("header");
    }

    private static async Task<IReadOnlyList<Message>> ReadDeadLettersAsync(InMemoryBroker broker, int count)
    {
        await using var reader = new InMemoryTransport(broker, TimeProvider.System);
        using var enough = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        enough.CancelAfter(TimeSpan.FromSeconds(30));
        var found = new List<Message>();
        await reader.ConsumeAsync(new Subscription(DeadLetters.TopicOf(Messages.Topic), "reader"), (batch, _) =>
        {
            lock (found)
                found.AddRange(batch.Deliveries.Select(delivery => IncomingMessage.From(delivery).Message!));
            if (found.Count >= count)
                enough.Cancel();
            return Task.CompletedTask;
        }, enough.Token);
        return found;
    }
}
