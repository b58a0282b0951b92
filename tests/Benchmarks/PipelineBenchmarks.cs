using BenchmarkDotNet.Attributes;
using MassTransit;
using Messaging;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Benchmarks;

/// <summary>
/// The receive pipeline from a partition's batch to its commit, with MassTransit's dispatch and no database: what a message costs
/// beside its handler and the store. Times and bytes are those of one message.
/// </summary>
public class PipelineBenchmarks
{
    private const int Batch = 100;

    private readonly PartitionBatch _one = BatchOf(1, "bench.ignore.v1");
    private readonly PartitionBatch _hundred = BatchOf(Batch, "bench.ignore.v1");
    private readonly PartitionBatch _publishing = BatchOf(Batch, "bench.answer.v1");
    private readonly PartitionBatch _unwanted = BatchOf(Batch, "bench.answered.v1");

    // One host for all of them, until the process ends: in one process BenchmarkDotNet does not wait for an asynchronous set-up.
    private static readonly Task<ReceivePipeline> Pipeline = StartAsync();

    [Benchmark(Baseline = true)]
    public Task BatchOfOne() => HandleAsync(_one);

    [Benchmark(OperationsPerInvoke = Batch)]
    public Task BatchOfAHundred() => HandleAsync(_hundred);

    [Benchmark(OperationsPerInvoke = Batch)]
    public Task BatchOfAHundredWhoseHandlerPublishes() => HandleAsync(_publishing);

    [Benchmark(OperationsPerInvoke = Batch)]
    public Task BatchOfAHundredThatNobodyWants() => HandleAsync(_unwanted);

    private static async Task HandleAsync(PartitionBatch batch) => await (await Pipeline).HandleAsync(batch, CancellationToken.None);

    private static async Task<ReceivePipeline> StartAsync()
    {
        var builder = Host.CreateApplicationBuilder(new HostApplicationBuilderSettings { DisableDefaults = true });
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?> { ["Transport"] = "in-memory" });
        builder.Services.AddSingleton<InMemoryBroker>();
        builder.Services.AddScoped<IReceiveStore, NoStore>();
        builder.Services.AddScoped<IUnitOfWork>(scope => scope.GetRequiredService<IReceiveStore>());
        builder.Services.AddMessaging(builder.Configuration, "bench", messaging => messaging
            .Messages(
            [
                new("bench.ignore.v1", "commands", typeof(Ignore), message => ((Ignore)message).OrderId),
                new("bench.answer.v1", "commands", typeof(Answer), message => ((Answer)message).OrderId),
                new("bench.answered.v1", "events", typeof(Answered), message => ((Answered)message).OrderId),
            ])
            .UseInMemory()
            .Receive("bench", ["commands"], handlers => handlers.Consumer<IgnoringConsumer>().Consumer<AnsweringConsumer>()));
        var host = builder.Build();
        await host.StartAsync();
        return host.Services.GetRequiredService<ReceivePipelines>().Of("bench");
    }

    private static PartitionBatch BatchOf(int count, string type)
    {
        var deliveries = Enumerable.Range(0, count).Select(number =>
        {
            var message = Samples.Message with { Id = $"message-{number}", Type = type };
            return new Delivery("commands", 0, number, Samples.AttributesOf(message), message.Body, message.PartitionKey);
        });
        return new PartitionBatch("commands", "bench", 0, [.. deliveries]);
    }
}

public sealed record Ignore(string OrderId);

public sealed record Answer(string OrderId);

public sealed record Answered(string OrderId);

public sealed class IgnoringConsumer : IConsumer<Ignore>
{
    public Task Consume(ConsumeContext<Ignore> context) => Task.CompletedTask;
}

public sealed class AnsweringConsumer : IConsumer<Answer>
{
    public Task Consume(ConsumeContext<Answer> context) => context.Publish(new Answered(context.Message.OrderId));
}

/// <summary>Admits everything and keeps nothing: no inbox, no outbox, no transaction.</summary>
internal sealed class NoStore(Outbox outbox) : IReceiveStore
{
    public Task<IReadOnlyList<Admission>> AdmitAsync(string consumer, IReadOnlyList<IncomingMessage> batch, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Admission>>(new Admission[batch.Count]);

    public Task ParkAsync(string consumer, IReadOnlyList<(IncomingMessage Message, Parking Parking)> messages, CancellationToken cancellationToken) =>
        throw new InvalidOperationException($"A message was parked: {messages[0].Parking.Cause}.");

    public Task<bool> TakeUpAsync(IReadOnlyList<RetriedMessage> messages, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task<bool> ParkAgainAsync(RetriedMessage message, Parking parking, CancellationToken cancellationToken) => throw new NotSupportedException();

    public Task CommitAsync(CancellationToken cancellationToken)
    {
        outbox.Clear();
        return Task.CompletedTask;
    }
}
