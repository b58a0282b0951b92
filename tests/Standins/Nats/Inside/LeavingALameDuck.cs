using System.Diagnostics;

namespace Standins.Nats.Inside;

public class LeavingALameDuck
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_connection_goes_to_another_server_after_the_answers_to_its_requests()
    {
        await using var lame = new NatsServer();
        await using var other = new NatsServer();
        await lame.InitializeAsync();
        await other.InitializeAsync();
        await using var stays = lame.Connect();
        await using var service = await stays.SubscribeCoreAsync<string>("slow", cancellationToken: Ct);
        await stays.PingAsync(Ct);
        await using var nats = new NatsConnection(lame.Opts with { Url = $"{lame.Url},127.0.0.1:{NatsServer.FreePort()},{other.Url}", NoRandomize = true });
        await using var subscription = await nats.SubscribeCoreAsync<string>("moved", cancellationToken: Ct);
        var request = nats.RequestAsync<string, string>("slow", "question", cancellationToken: Ct).AsTask();
        var question = await service.Msgs.ReadAsync(Ct);
        var started = Stopwatch.GetTimestamp();

        await lame.EnterLameDuckModeAsync();
        await Wait.UntilAsync(() => nats.ConnectionState == NatsConnectionState.Reconnecting, "leaving");
        var waiting = nats.PublishAsync("moved", "from the other", cancellationToken: Ct).AsTask();
        waiting.IsCompleted.ShouldBeFalse();
        await question.ReplyAsync("answer", cancellationToken: Ct);

        (await request).Data.ShouldBe("answer");
        await waiting.WaitAsync(Wait.Deadline, Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe("from the other");
        nats.ServerInfo!.Port.ShouldBe(other.Port);
        // Of its own accord: the server sends nobody away within its grace period of ten seconds.
        Stopwatch.GetElapsedTime(started).ShouldBeLessThan(TimeSpan.FromSeconds(9));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task The_connection_stays_while_no_other_server_answers()
    {
        await using var lame = new NatsServer();
        await using var other = new NatsServer();
        await lame.InitializeAsync();
        await using var nats = new NatsConnection(lame.Opts with { Url = $"{lame.Url},{other.Url}", NoRandomize = true });
        await using var subscription = await nats.SubscribeCoreAsync<int>("stays", cancellationToken: Ct);
        var told = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        nats.LameDuckModeActivated += (_, _) =>
        {
            told.TrySetResult();
            return default;
        };

        await lame.EnterLameDuckModeAsync();
        await told.Task.WaitAsync(Wait.Deadline, Ct);
        await nats.PublishAsync("stays", 1, cancellationToken: Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(1);
        nats.ServerInfo!.Port.ShouldBe(lame.Port);

        await other.StartAsync();
        await Wait.UntilAsync(() => nats.ServerInfo.Port == other.Port, "gone to the other");
        await nats.PublishAsync("stays", 2, cancellationToken: Ct);
        (await subscription.Msgs.ReadAsync(Ct)).Data.ShouldBe(2);
    }
}
