namespace Standins.Nats.Inside;

public class LostBuckets(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_watch_of_a_deleted_or_replaced_bucket_fails()
    {
        await using var nats = server.Connect();
        var context = new NatsKVContext(new NatsJSContext(nats));
        var store = await context.CreateStoreAsync("deleted", Ct);
        await store.PutAsync("a", 1, cancellationToken: Ct);
        await using var watch = store.WatchAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        (await watch.MoveNextAsync()).ShouldBeTrue();
        var next = watch.MoveNextAsync().AsTask();

        await context.DeleteStoreAsync("deleted", Ct);
        (await Should.ThrowAsync<NatsJSApiException>(next.WaitAsync(Wait.Deadline, Ct))).Error.Code.ShouldBe(404);

        store = await context.CreateStoreAsync("deleted", Ct);
        await store.PutAsync("a", 1, cancellationToken: Ct);
        await using var again = store.WatchAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        (await again.MoveNextAsync()).ShouldBeTrue();
        await context.DeleteStoreAsync("deleted", Ct);
        await context.CreateStoreAsync("deleted", Ct);
        await Should.ThrowAsync<NatsJSException>(again.MoveNextAsync().AsTask().WaitAsync(Wait.Deadline, Ct));
    }
}
