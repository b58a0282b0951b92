using System.Diagnostics;
using MassTransit;
using Messaging;
using Microsoft.Extensions.DependencyInjection;

namespace Units.Messaging;

public sealed class ReceivePipelineTests
{
    [Fact]
    public async Task A_consumer_gets_the_message_and_what_it_publishes_leaves_with_the_commit()
    {
        await using var host = await PipelineHost.StartAsync();
        host.Script.OnPing = context => context.Publish(new Pong(context.Message.Key, context.Message.Number + 1));

        await host.PublishAsync(new Ping("a", 1));

        var pong = (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem();
        pong.Type.ShouldBe("tests.pong.v1");
        pong.Source.ShouldBe("/tests");
        pong.PartitionKey.ShouldBe("a");
        pong.Body.ToArray().ShouldBe(PipelineHost.Json(new Pong("a", 2)));
    }

    [Fact]
    public async Task What_a_handler_publishes_names_its_cause_and_keeps_the_trace()
    {
        await using var host = await PipelineHost.StartAsync();
        host.Script.OnPing = context => context.Publish(new Pong("a", 2));
        using var request = new Activity("request").SetIdFormat(ActivityIdFormat.W3C).Start();

        await host.PublishAsync(new Ping("a", 1));

        var ping = (await host.ReadAsync("pings", 1)).ShouldHaveSingleItem();
        var pong = (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem();
        pong.CausationId.ShouldBe(ping.Id);
        pong.CorrelationId.ShouldBe(ping.CorrelationId);
        pong.TraceParent.ShouldNotBeNull().ShouldContain(request.TraceId.ToHexString());
    }

    [Fact]
    public async Task A_send_ends_in_the_outbox_as_a_publish_does()
    {
        await using var host = await PipelineHost.StartAsync();
        host.Script.OnPing = context => context.Send(new Uri("queue:anywhere"), new Pong("a", 7));

        await host.PublishAsync(new Ping("a", 1));

        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task A_failing_message_is_tried_again_then_parked_dead_and_holds_back_its_key_only()
    {
        await using var host = await PipelineHost.StartAsync();
        host.Script.OnPing = context => context.Message.Number == 1
            ? throw new InvalidOperationException("boom")
            : context.Publish(new Pong(context.Message.Key, context.Message.Number));

        await host.PublishAsync(new Ping("a", 1), new Ping("a", 2), new Ping("b", 3));

        await Eventually.HoldsAsync(() => host.Database.Parked.Count == 2, "two messages are parked");
        var (_, dead, parking) = host.Database.Parked.First(parked => parked.Parking.Dead);
        dead.Key.ShouldBe("a");
        parking.Attempts.ShouldBe(3);
        parking.Cause.ShouldBe("InvalidOperationException: boom");
        parking.Detail.ShouldNotBeNull().ShouldContain(nameof(PingConsumer));
        host.Database.Parked.Single(parked => !parked.Parking.Dead).Message.Key.ShouldBe("a");
        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem().PartitionKey.ShouldBe("b");
        host.Script.Handled.ShouldNotContain(new Ping("a", 2));
    }

    [Fact]
    public async Task A_message_that_fails_once_leaves_nothing_of_the_failed_attempt()
    {
        await using var host = await PipelineHost.StartAsync();
        var failed = false;
        host.Script.OnPing = async context =>
        {
            await context.Publish(new Pong("a", context.Message.Number));
            if (context.Message.Number == 2 && !failed)
            {
                failed = true;
                throw new InvalidOperationException("once");
            }
        };

        await host.PublishAsync(new Ping("a", 1), new Ping("a", 2), new Ping("a", 3));

        var pongs = await host.ReadAsync("pongs", 3);
        pongs.Select(pong => pong.Body.ToArray()).ShouldBe([.. new[] { 1, 2, 3 }.Select(number => PipelineHost.Json(new Pong("a", number)))]);
        host.Database.Parked.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_comes_before_and_after_a_message_that_fails_goes_as_a_batch_each()
    {
        await using var host = await PipelineHost.StartAsync();
        var go = new TaskCompletionSource();
        host.Script.OnPing = context => context.Message.Number switch
        {
            0 => go.Task,
            4 => throw new InvalidOperationException("boom"),
            _ => Task.CompletedTask,
        };

        await host.PublishAsync(new Ping("a", 0));
        await Eventually.HoldsAsync(() => host.Script.Handled.Count == 1, "the first one keeps the partition");
        for (var number = 1; number <= 10; number++)
            host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.ping.v1", $"key-{number}"), PipelineHost.Json(new Ping($"key-{number}", number)));
        await host.HasTakenAsync(11);
        go.SetResult();

        await Eventually.HoldsAsync(() => host.Database.Inbox.Count == 11, "all are taken care of");
        host.Database.Transactions.ShouldBe([1, 3, 1, 6]);
        host.Database.Parked.ShouldHaveSingleItem().Message.Key.ShouldBe("key-4");
    }

    [Fact]
    public async Task A_lost_race_at_the_commit_repeats_the_message_and_not_its_neighbours()
    {
        await using var host = await PipelineHost.StartAsync(services: services => services.AddSingleton<IFailureClassifier, TimeoutsAreRaces>());
        var go = new TaskCompletionSource();
        host.Script.OnPing = context => context.Message.Number == 0 ? go.Task : Task.CompletedTask;
        await host.PublishAsync(new Ping("a", 0));
        await Eventually.HoldsAsync(() => host.Script.Handled.Count == 1, "the first one keeps the partition");
        for (var number = 1; number <= 5; number++)
            host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.ping.v1", "a"), PipelineHost.Json(new Ping("a", number)));
        await host.HasTakenAsync(6);

        // The first commit is that of the message that keeps the partition, the second that of the batch; then 1, and 2 in vain four times.
        var commits = 0;
        host.Database.FailCommit = () => ++commits is 2 or (>= 4 and <= 7) ? new TimeoutException("somebody was faster") : null;
        go.SetResult();

        await Eventually.HoldsAsync(() => host.Database.Inbox.Count == 6, "all are taken care of");
        host.Database.Parked.ShouldBeEmpty();
        host.Script.Handled.Select(ping => ping.Number).ShouldBe([0, 1, 2, 3, 4, 5, 1, 2, 2, 2, 2, 2, 3, 4, 5]);
    }

    [Fact]
    public async Task The_same_id_has_one_effect()
    {
        await using var host = await PipelineHost.StartAsync();
        var attributes = PipelineHost.Attributes("tests.ping.v1", "a", "same");
        var body = PipelineHost.Json(new Ping("a", 1));

        host.Broker.Append("pings", "a", id: null, attributes, body);
        host.Broker.Append("pings", "a", id: null, attributes, body);
        await host.PublishAsync(new Ping("a", 2));

        await Eventually.HoldsAsync(() => host.Script.Handled.Contains(new Ping("a", 2)), "the last message is handled");
        host.Script.Handled.Count(ping => ping.Number == 1).ShouldBe(1);
    }

    [Theory]
    [InlineData("not json", "undecodable")]
    [InlineData("[]", "undecodable")]
    [InlineData("null", "undecodable")]
    [InlineData("", "undecodable")]
    [InlineData("""{"key":"a"}""", "undecodable")]
    [InlineData("""{"key":"a","number":"many"}""", "undecodable")]
    [InlineData("""{"key":null,"number":1}""", "undecodable")]
    public async Task A_body_that_cannot_be_read_is_dead_at_once_and_blocks_nobody(string body, string cause)
    {
        await using var host = await PipelineHost.StartAsync();

        host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.ping.v1", "a"), System.Text.Encoding.UTF8.GetBytes(body));
        await host.PublishAsync(new Ping("b", 2));

        await Eventually.HoldsAsync(() => host.Script.Handled.Contains(new Ping("b", 2)), "the other key is handled");
        await Eventually.HoldsAsync(() => !host.Database.Parked.IsEmpty, "the message is parked");
        var (_, _, parking) = host.Database.Parked.ShouldHaveSingleItem();
        parking.Dead.ShouldBeTrue();
        parking.Cause.ShouldStartWith(cause);
        parking.Attempts.ShouldBeLessThanOrEqualTo(1);
    }

    [Fact]
    public async Task A_handler_that_cannot_read_something_of_its_own_gets_all_its_attempts()
    {
        await using var host = await PipelineHost.StartAsync();
        host.Script.OnPing = _ => throw new System.Text.Json.JsonException("the bank answered nonsense");

        await host.PublishAsync(new Ping("a", 1));

        await Eventually.HoldsAsync(() => !host.Database.Parked.IsEmpty, "the message is parked");
        var (_, _, parking) = host.Database.Parked.ShouldHaveSingleItem();
        parking.Attempts.ShouldBe(3);
        parking.Cause.ShouldBe("JsonException: the bank answered nonsense");
    }

    [Fact]
    public async Task An_unknown_type_and_a_missing_attribute_are_parked_with_the_cause()
    {
        await using var host = await PipelineHost.StartAsync();

        host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.unheard-of.v9", "a"), PipelineHost.Json(new { }));
        host.Broker.Append("pings", "b", id: null, [new("type", "tests.ping.v1")], PipelineHost.Json(new Ping("b", 1)));

        await Eventually.HoldsAsync(() => host.Database.Parked.Count == 2, "both are parked");
        host.Database.Parked.Select(parked => parked.Parking.Cause).Order(StringComparer.Ordinal).ShouldBe(
            ["undecodable: attribute id is missing", "unknown type 'tests.unheard-of.v9'"]);
    }

    [Fact]
    public async Task A_known_type_that_nobody_here_wants_is_settled_and_forgotten()
    {
        await using var host = await PipelineHost.StartAsync();

        await host.PublishAsync(new Unwanted("a"), new Ping("a", 1));

        await Eventually.HoldsAsync(() => host.Script.Handled.Count == 1, "the wanted one is handled");
        host.Database.Parked.ShouldBeEmpty();
    }

    [Fact]
    public async Task Two_consumers_of_one_group_each_get_their_own_messages()
    {
        await using var host = await PipelineHost.StartAsync(handlers => handlers.Consumer<PingConsumer>().Consumer<UnwantedConsumer>());

        await host.PublishAsync(new Ping("a", 1), new Unwanted("a"));

        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem();
        host.Script.Handled.ShouldHaveSingleItem();
        host.Database.Parked.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_dependency_that_is_down_burns_no_attempt_and_keeps_the_order()
    {
        await using var host = await PipelineHost.StartAsync(services: services => services.AddSingleton<IFailureClassifier, TimeoutsAreDependencies>());
        var down = true;
        host.Database.FailCommit = () => down ? new TimeoutException("the database is away") : null;
        host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.ping.v1", "a"), PipelineHost.Json(new Ping("a", 1)));
        host.Broker.Append("pings", "a", id: null, PipelineHost.Attributes("tests.ping.v1", "a"), PipelineHost.Json(new Ping("a", 2)));
        await Eventually.HoldsAsync(() => host.Script.Handled.Count > 5, "the batch was handed over again and again");

        down = false;

        await Eventually.HoldsAsync(() => host.Database.Inbox.Count == 2, "both are committed");
        host.Database.Parked.ShouldBeEmpty();
        host.Script.Handled.TakeLast(2).ShouldBe([new Ping("a", 1), new Ping("a", 2)]);
    }

    [Fact]
    public async Task A_lost_race_is_repeated_beyond_the_attempts_of_a_message()
    {
        await using var host = await PipelineHost.StartAsync(services: services => services.AddSingleton<IFailureClassifier, TimeoutsAreRaces>());
        var races = 8;
        host.Script.OnPing = context => races-- > 0 ? throw new TimeoutException("somebody was faster") : context.Publish(new Pong("a", 1));

        await host.PublishAsync(new Ping("a", 1));

        (await host.ReadAsync("pongs", 1)).ShouldHaveSingleItem();
        host.Database.Parked.ShouldBeEmpty();
    }

    private sealed class TimeoutsAreDependencies : IFailureClassifier
    {
        public FailureKind? Classify(Exception exception) => exception.GetBaseException() is TimeoutException ? FailureKind.Dependency : null;
    }

    private sealed class TimeoutsAreRaces : IFailureClassifier
    {
        public FailureKind? Classify(Exception exception) => exception.GetBaseException() is TimeoutException ? FailureKind.Concurrency : null;
    }
}
