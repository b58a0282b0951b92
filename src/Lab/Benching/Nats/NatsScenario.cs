namespace Lab.Benching.Nats;

/// <summary>One thing the client does many times.</summary>
/// <param name="Name">As the report names it.</param>
/// <param name="Share">How many of the messages asked for it sends: sequential ones take longer.</param>
/// <param name="Stores">Whether the messages must be in the stream in the end.</param>
/// <param name="PrepareAsync">What has to be there before the clock starts.</param>
/// <param name="RunAsync">Sends or takes that many messages and ends when the server has processed the last one.</param>
internal sealed record NatsScenario(
    string Name,
    double Share,
    bool Stores,
    Func<NatsLane, int, CancellationToken, Task> PrepareAsync,
    Func<NatsLane, int, CancellationToken, Task> RunAsync)
{
    public const string SequentialPublish = "sequential publish";
    public const string WindowedPublish = "publish, window 500";
    public const string ConsumeAndAck = "consume and ack";
    public const string FetchAndAck = "fetch and ack";
    public const string RequestReply = "request-reply";
    public const string CorePublish = "core publish";

    private const int Window = 500;

    /// <summary>All of them, in the order of the report.</summary>
    public static IReadOnlyList<NatsScenario> All { get; } =
    [
        new(SequentialPublish, 0.2, Stores: true, NothingAsync, PublishSequentiallyAsync),
        new(WindowedPublish, 1, Stores: true, NothingAsync, PublishInWindowAsync),
        new(ConsumeAndAck, 1, Stores: true, PublishInWindowAsync, ConsumeAsync),
        new(FetchAndAck, 1, Stores: true, PublishInWindowAsync, FetchAsync),
        new(RequestReply, 0.2, Stores: false, NothingAsync, RequestAsync),
        new(CorePublish, 10, Stores: false, NothingAsync, PublishWithoutAckAsync),
    ];

    private static Task NothingAsync(NatsLane lane, int count, CancellationToken cancellationToken) => Task.CompletedTask;

    private static async Task PublishSequentiallyAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++) (await lane.PublishAsync(cancellationToken)).EnsureSuccess();
    }

    // One producer that keeps so many publishes under way and takes their answers in order.
    private static async Task PublishInWindowAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        var underWay = new Queue<Task<PubAckResponse>>(Window);
        for (var i = 0; i < count; i++)
        {
            if (underWay.Count == Window) (await underWay.Dequeue()).EnsureSuccess();
            underWay.Enqueue(lane.PublishAsync(cancellationToken).AsTask());
        }

        while (underWay.TryDequeue(out var publish)) (await publish).EnsureSuccess();
    }

    private static async Task ConsumeAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        var consumer = await lane.ConsumerAsync(cancellationToken);
        var taken = 0;
        await foreach (var message in consumer.ConsumeAsync<NatsMemoryOwner<byte>>(
            opts: new NatsJSConsumeOpts { MaxMsgs = 1000 }, cancellationToken: cancellationToken))
        {
            await TakeAsync(message, cancellationToken);
            if (++taken == count) break;
        }

        await lane.FlushAsync(cancellationToken);
    }

    private static async Task FetchAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        var consumer = await lane.ConsumerAsync(cancellationToken);
        for (var taken = 0; taken < count;)
        {
            var batch = new NatsJSFetchOpts { MaxMsgs = Math.Min(Window, count - taken), Expires = TimeSpan.FromSeconds(5) };
            await foreach (var message in consumer.FetchAsync<NatsMemoryOwner<byte>>(batch, cancellationToken: cancellationToken))
            {
                await TakeAsync(message, cancellationToken);
                taken++;
            }
        }

        await lane.FlushAsync(cancellationToken);
    }

    private static async Task TakeAsync(INatsJSMsg<NatsMemoryOwner<byte>> message, CancellationToken cancellationToken)
    {
        using (message.Data) await message.AckAsync(cancellationToken: cancellationToken);
    }

    private static async Task RequestAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++) await lane.AskAsync(cancellationToken);
    }

    private static async Task PublishWithoutAckAsync(NatsLane lane, int count, CancellationToken cancellationToken)
    {
        for (var i = 0; i < count; i++) await lane.SendAsync(cancellationToken);
        await lane.FlushAsync(cancellationToken);
    }
}
