namespace Standins.Nats;

public class ServerRestarts
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_window_of_publishes_survives_a_killed_server_without_loss_or_duplicate()
    {
        const int Count = 20_000;
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats, new NatsJSOpts(nats.Opts, requestTimeout: TimeSpan.FromSeconds(1)));
        await js.CreateStreamAsync(new StreamConfig("P", ["p.>"]) { DuplicateWindow = TimeSpan.FromMinutes(10) }, Ct);
        var stored = 0;
        var unanswered = 0;
        var suspended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);

        var publishing = Parallel.ForEachAsync(Enumerable.Range(0, Count), new ParallelOptions { MaxDegreeOfParallelism = 200, CancellationToken = Ct }, async (i, token) =>
        {
            if (i >= Count - 200)
                await suspended.Task.WaitAsync(token); // However fast the server is, it is suspended before the end.
            while (true)
            {
                var result = await js.TryPublishAsync("p.x", i, opts: new NatsJSPubOpts { MsgId = i.ToString() }, cancellationToken: token);
                if (result.Success && result.Value.Error is null)
                    break;

                Interlocked.Increment(ref unanswered);
            }

            Interlocked.Increment(ref stored);
        });
        await Wait.UntilAsync(() => Volatile.Read(ref stored) > Count / 10, "publishing is under way");
        // Suspended first, so that it dies with requests it has not answered.
        await server.SuspendAsync();
        suspended.SetResult();
        await Wait.UntilAsync(() => Volatile.Read(ref unanswered) > 0, "publishes remain without answer");
        await server.KillAsync();
        await server.StartAsync();
        await publishing.WaitAsync(TimeSpan.FromMinutes(1), Ct);

        var stream = await js.GetStreamAsync("P", cancellationToken: Ct);
        stream.Info.State.Messages.ShouldBe(Count);
        var consumer = await js.CreateOrUpdateConsumerAsync("P", new ConsumerConfig { AckPolicy = ConsumerConfigAckPolicy.None }, Ct);
        (await consumer.ConsumeAsync<int>(cancellationToken: Ct).TakeAsync(Count)).Select(message => message.Data).Order().ShouldBe(Enumerable.Range(0, Count));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Consuming_goes_on_after_the_server_was_killed()
    {
        const int Count = 5000;
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        await js.CreateStreamAsync(new StreamConfig("C", ["c.>"]), Ct);
        var consumer = await js.CreateOrUpdateConsumerAsync("C", new ConsumerConfig("worker") { AckWait = TimeSpan.FromSeconds(1) }, Ct);
        await Task.WhenAll(Enumerable.Range(0, Count).Select(async i => (await js.PublishAsync("c.x", i, cancellationToken: Ct)).EnsureSuccess()));
        var seen = new HashSet<int>();
        var restarts = 0;

        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Ct);
        deadline.CancelAfter(TimeSpan.FromMinutes(1));
        await foreach (var message in consumer.ConsumeAsync<int>(opts: new NatsJSConsumeOpts { MaxMsgs = 500 }, cancellationToken: deadline.Token))
        {
            seen.Add(message.Data);
            if (seen.Count == Count)
                break;

            // In the middle of a batch, twice: with messages on the way and others buffered.
            if (seen.Count == (restarts + 1) * 1000 && restarts < 2)
            {
                restarts++;
                await server.KillAsync();
                await server.StartAsync();
            }

            await message.AckAsync(cancellationToken: deadline.Token);
        }

        restarts.ShouldBe(2);
        seen.Order().ShouldBe(Enumerable.Range(0, Count));
    }
}
