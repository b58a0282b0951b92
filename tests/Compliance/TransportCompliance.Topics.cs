using Messaging;

namespace Compliance;

/// <summary>Making topics, and refusing what does not fit them.</summary>
public abstract class Topics(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    [Fact]
    public async Task Topics_may_be_ensured_again_and_by_several_at_once()
    {
        var topics = Enumerable.Range(0, 5).Select(i => new TopicDefinition($"{Topic}.dead-letters.n{i}")).ToList();
        await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => Connect().EnsureTopicsAsync(topics, Cancel)));
        await Transport.EnsureTopicsAsync(topics, Cancel);

        await PublishAsync(topics.SelectMany(topic => Messages.Numbered(topic.Name, "key", 0, 1)));
        await using var consumption = Consumption.Start(Transport, Group() with { Topic = topics[3].Name });
        (await consumption.HandledAsync(1)).ShouldHaveSingleItem().Topic.ShouldBe(topics[3].Name);
    }

    [Fact]
    public async Task A_topic_with_another_number_of_partitions_is_refused_and_left_as_it_is()
    {
        var refusal = await Should.ThrowAsync<TransportException>(() => Transport.EnsureTopicsAsync([new TopicDefinition(Topic, 3)], Cancel));
        refusal.Message.ShouldContain(Topic);
        refusal.Message.ShouldContain("4");
        refusal.Message.ShouldContain("3");
        await Transport.EnsureTopicsAsync([new TopicDefinition(Topic, 4)], Cancel);
    }

    [Fact]
    public async Task A_topic_that_does_not_exist_cannot_be_consumed()
    {
        var refusal = await Should.ThrowAsync<TransportException>(
            () => Transport.ConsumeAsync(Group() with { Topic = "no.such." + Topic }, (_, _) => Task.CompletedTask, Cancel));
        refusal.Message.ShouldContain("no.such." + Topic);
    }

    [Fact]
    public async Task A_wrong_password_is_refused_in_one_sentence_that_does_not_tell_it()
    {
        await using var transport = UnderTest.CreateWithWrongPassword();
        Assert.SkipWhen(transport is null, "A broker that asks for a password.");
        var refusals = new[]
        {
            await Should.ThrowAsync<TransportException>(() => transport.EnsureTopicsAsync([new TopicDefinition(Topic)], Cancel)),
            await Should.ThrowAsync<TransportException>(() => transport.ConsumeAsync(Group(), (_, _) => Task.CompletedTask, Cancel)),
        };
        refusals.ShouldAllBe(refusal => !refusal.Message.Contains(TransportUnderTest.WrongPassword));
    }
}
