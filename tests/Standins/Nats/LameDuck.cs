namespace Standins.Nats;

public class LameDuck
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_server_about_to_shut_down_says_so_and_goes_when_it_is_left()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var told = Told(nats);
        await nats.ConnectAsync();

        await server.EnterLameDuckModeAsync();

        (await told.WaitAsync(Wait.Deadline, Ct)).Port.ShouldBe(server.Port);
        await nats.PingAsync(Ct);
    }

    private static Task<Uri> Told(NatsConnection nats)
    {
        var told = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        nats.LameDuckModeActivated += (_, args) =>
        {
            told.TrySetResult(args.Uri);
            return default;
        };
        return told.Task;
    }
}
