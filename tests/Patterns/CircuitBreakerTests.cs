using Messaging;
using Microsoft.Extensions.DependencyInjection;
using Polly;
using Polly.CircuitBreaker;
using Support;

namespace Patterns;

/// <summary>Handlers that call something behind a circuit breaker.</summary>
public sealed class CircuitBreakerTests(Servers servers)
{
    private static readonly string[] Keys = ["a", "b", "c", "d", "e", "f"];

    private readonly CircuitBreakerStateProvider _circuit = new();

    [Fact]
    public async Task While_the_circuit_is_open_partitions_pause_no_attempt_is_counted_and_one_message_probes()
    {
        await using var database = await TestDatabase.CreateAsync(servers);
        var script = new CountingScript();
        var calls = 0;
        Func<Task> callee = () => throw new HttpRequestException("down");
        var pipeline = Breaker();
        script.Before = async (_, token) => await pipeline.ExecuteAsync(
            async _ =>
            {
                Interlocked.Increment(ref calls);
                await callee();
            },
            token);
        await using var service = await StartAsync(database, script);

        await Counting.PublishAsync(service, 10, Keys);
        await Eventually.BecomesTrueAsync(() => calls >= 6, "at most four calls open the circuit, and two probes fail");

        script.Attempts.ShouldAllBe(attempt => attempt.Number == 1, "a partition gets no further than its first message");
        (await database.CountAsync("effects")).ShouldBe(0);
        (await database.CountAsync("messaging.inbox")).ShouldBe(0);

        var answer = new TaskCompletionSource();
        var probing = 0;
        callee = () =>
        {
            Interlocked.Increment(ref probing);
            return answer.Task;
        };
        await Eventually.BecomesTrueAsync(() => probing > 0, "one message probes");
        var attempts = script.Attempts.Count;
        await Eventually.BecomesTrueAsync(() => script.Attempts.Count >= attempts + 3, "other partitions have tried meanwhile");
        (probing, _circuit.CircuitState).ShouldBe((1, CircuitState.HalfOpen));

        callee = () => Task.CompletedTask;
        answer.SetResult();
        await Counting.AllHandledAsync(database, 10 * Keys.Length);

        // Under this policy one failure that counts is the end of a message.
        (await database.CountAsync("messaging.parked")).ShouldBe(0);
        foreach (var key in Keys)
            (await Counting.EffectsAsync(database, key)).ShouldBe(Enumerable.Range(1, 10));
    }

    private static Task<TestService> StartAsync(TestDatabase database, CountingScript script) => TestService.StartAsync(
        database, new InMemoryTransport(new InMemoryBroker(), TimeProvider.System), messaging =>
        {
            messaging.Services.AddSingleton<IFailureClassifier, CircuitFailures>();
            messaging.Services.AddSingleton(script);
            messaging.Messages([new MessageDefinition("patterns.counted.v1", Messages.Topic, typeof(Counted), message => ((Counted)message).Key)]);
            messaging.Receive(Counting.Group, [Messages.Topic], receiver =>
            {
                receiver.Options.Retry = RetryPolicy.Never;
                receiver.Consumer<CountingConsumer>();
            });
        });

    private ResiliencePipeline Breaker() => new ResiliencePipelineBuilder()
        .AddCircuitBreaker(new CircuitBreakerStrategyOptions
        {
            ShouldHandle = new PredicateBuilder().Handle<HttpRequestException>(),
            FailureRatio = 0.5,
            MinimumThroughput = 2,
            SamplingDuration = TimeSpan.FromSeconds(30),
            BreakDuration = TimeSpan.FromMilliseconds(500),
            StateProvider = _circuit,
        })
        .Build();

    /// <summary>What a service says of its dependency: these failures are not the message's fault.</summary>
    private sealed class CircuitFailures : IFailureClassifier
    {
        public FailureKind? Classify(Exception exception) =>
            exception.GetBaseException() is HttpRequestException || exception is BrokenCircuitException ? FailureKind.Dependency : null;
    }
}
