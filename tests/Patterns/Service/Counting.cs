using System.Collections.Concurrent;
using MassTransit;
using Messaging;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace Patterns;

public sealed record Counted(string Key, int Number);

/// <summary>How the handler of <see cref="Counted"/> is to behave, and what it was asked to do, in vain or not.</summary>
public sealed class CountingScript
{
    private readonly ConcurrentQueue<Counted> _attempts = new();

    /// <summary>Called before the effect. What it throws is the handler's failure.</summary>
    public Func<Counted, CancellationToken, Task> Before { get; set; } = (_, _) => Task.CompletedTask;

    public IReadOnlyList<Counted> Attempts => [.. _attempts];

    public int AttemptsAt(string key, int number) => _attempts.Count(attempt => attempt == new Counted(key, number));

    /// <summary>Fails the given message so many times; every other one succeeds.</summary>
    public void Fail(string key, int number, int times, Func<Exception>? failure = null)
    {
        var left = times;
        Before = (counted, _) => counted == new Counted(key, number) && Interlocked.Decrement(ref left) >= 0
            ? throw (failure?.Invoke() ?? new InvalidOperationException($"cannot count {number}"))
            : Task.CompletedTask;
    }

    internal Task HandleAsync(Counted counted, CancellationToken cancellationToken)
    {
        _attempts.Enqueue(counted);
        return Before(counted, cancellationToken);
    }
}

/// <summary>Notes each message in the table <c>effects</c>, in the transaction of its scope.</summary>
public sealed class CountingConsumer(CountingScript script, TestDb db) : IConsumer<Counted>
{
    public async Task Consume(ConsumeContext<Counted> context)
    {
        var (key, number) = context.Message;
        await script.HandleAsync(context.Message, context.CancellationToken);
        await db.Database.ExecuteSqlAsync($"insert into effects (key, number) values ({key}, {number})", context.CancellationToken);
    }
}

/// <summary>Services that receive <see cref="Counted"/>.</summary>
internal static class Counting
{
    public const string Group = "counting";

    /// <summary>The group of a topic.</summary>
    public static string GroupOf(string topic) => $"{Group}.{topic}";

    /// <summary>A retry at once and then two later ones, fast enough for a test.</summary>
    public static readonly RetryPolicy Fast = RetryPolicy.Immediately(1, TimeSpan.FromMilliseconds(1))
        .Then(TimeSpan.FromMilliseconds(20), TimeSpan.FromMilliseconds(40));

    public static Task<TestService> StartAsync(
        TestDatabase database, InMemoryBroker broker, CountingScript script, Action<ReceiveOptions>? receive = null,
        params (string Key, string Value)[] settings) => StartAsync(
            database, new RecordingTransport(new InMemoryTransport(broker, TimeProvider.System)), script, Messages.Topic, receive, settings);

    public static Task<TestService> StartAsync(
        TestDatabase database, ITransport transport, CountingScript script, string topic, Action<ReceiveOptions>? receive = null,
        params (string Key, string Value)[] settings) =>
        TestService.StartAsync(database, transport, messaging => Receive(messaging, script, topic, receive), settings);

    /// <summary>Lets a service receive them.</summary>
    public static void Receive(MessagingBuilder messaging, CountingScript script, string topic = Messages.Topic, Action<ReceiveOptions>? receive = null)
    {
        messaging.Services.AddSingleton(script);
        messaging.Messages([DefinitionOn(topic)]);
        messaging.Receive(GroupOf(topic), [topic], receiver =>
        {
            receiver.Options.Retry = Fast;
            receive?.Invoke(receiver.Options);
            receiver.Consumer<CountingConsumer>();
        });
    }

    public static MessageDefinition DefinitionOn(string topic) =>
        new("patterns.counted.v1", topic, typeof(Counted), message => ((Counted)message).Key);

    /// <summary>Numbers from one on, for one key after another.</summary>
    public static Task PublishAsync(TestService service, int count, params string[] keys) => PublishToAsync(service, Messages.Topic, count, keys);

    public static Task PublishToAsync(TestService service, string topic, int count, params string[] keys) => service.SendAsync(
        [.. Enumerable.Range(1, count).SelectMany(number => keys.Select(key => new OutboxEntry(new OutgoingMessage(topic, Of(key, number)))))]);

    public static Message Of(string key, int number) =>
        Messages.New(key) with { Body = PatternsJson($$"""{"key":"{{key}}","number":{{number}}}""") };

    public static Task<int[]> EffectsAsync(TestDatabase database, string key) =>
        database.ReadAsync<int[]>($"select coalesce(array_agg(number order by place), '{{}}') from effects where key = '{key}'");

    public static Task AllHandledAsync(TestDatabase database, int count) => Eventually.BecomesTrueAsync(
        async () => await database.CountAsync("effects") >= count && await database.CountAsync("messaging.parked") == 0, $"all {count} had their effect");

    private static byte[] PatternsJson(string json) => System.Text.Encoding.UTF8.GetBytes(json);
}
