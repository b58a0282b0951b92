using System.Threading.Channels;

namespace Standins.Nats;

public class KeyValueWatch
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_watch_begins_with_the_newest_entries_and_goes_on_with_every_change()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig("watch") { History = 3 }, Ct);
        await store.PutAsync("a.1", 1, cancellationToken: Ct);
        await store.PutAsync("a.1", 2, cancellationToken: Ct);
        await store.PutAsync("b.1", 3, cancellationToken: Ct);
        await store.DeleteAsync("a.2", cancellationToken: Ct);
        await using var all = store.WatchAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await using var some = store.WatchAsync<int>("a.*", opts: new NatsKVWatchOpts { IgnoreDeletes = true }, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await using var history = store.WatchAsync<int>(opts: new NatsKVWatchOpts { IncludeHistory = true, MetaOnly = true }, cancellationToken: Ct).GetAsyncEnumerator(Ct);

        (await TakeAsync(all, 3)).Select(e => (e.Key, e.Value, e.Revision, e.Delta, e.Operation))
            .ShouldBe([("a.1", 2, 2ul, 2ul, NatsKVOperation.Put), ("b.1", 3, 3ul, 1ul, NatsKVOperation.Put), ("a.2", 0, 4ul, 0ul, NatsKVOperation.Del)]);
        (await TakeAsync(some, 1)).Select(e => (e.Key, e.Value)).ShouldBe([("a.1", 2)]);
        (await TakeAsync(history, 4)).Select(e => (e.Key, e.Value)).ShouldBe([("a.1", 0), ("a.1", 0), ("b.1", 0), ("a.2", 0)]);

        await store.PutAsync("b.2", 5, cancellationToken: Ct);
        await store.PutAsync("a.3", 6, cancellationToken: Ct);
        await store.PurgeAsync("a.3", cancellationToken: Ct);
        await store.PutAsync("a.4", 8, cancellationToken: Ct);

        (await TakeAsync(all, 4)).Select(e => (e.Key, e.Operation, e.Revision)).ShouldBe(
            [("b.2", NatsKVOperation.Put, 5ul), ("a.3", NatsKVOperation.Put, 6ul), ("a.3", NatsKVOperation.Purge, 7ul), ("a.4", NatsKVOperation.Put, 8ul)]);
        (await TakeAsync(some, 2)).Select(e => e.Key).ShouldBe(["a.3", "a.4"]);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_watch_can_begin_with_the_next_change_or_a_given_revision_or_end_when_there_is_nothing()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("begin", Ct);

        var none = new NatsKVWatchOpts { OnNoData = _ => new ValueTask<bool>(true) };
        (await store.WatchAsync<int>(opts: none, cancellationToken: Ct).ToListAsync(Ct)).ShouldBeEmpty();
        await store.PutAsync("a", 1, cancellationToken: Ct);
        await store.PutAsync("b", 2, cancellationToken: Ct);
        (await TakeAsync(store.WatchAsync<int>(opts: new NatsKVWatchOpts { ResumeAtRevision = 2 }, cancellationToken: Ct).GetAsyncEnumerator(Ct), 1))[0].Key.ShouldBe("b");

        var waits = new TaskCompletionSource();
        var updates = new NatsKVWatchOpts { UpdatesOnly = true, OnNoData = _ => { waits.TrySetResult(); return default; } };
        await using var watch = store.WatchAsync<int>(opts: updates, cancellationToken: Ct).GetAsyncEnumerator(Ct);
        var next = watch.MoveNextAsync().AsTask();
        await waits.Task.WaitAsync(Wait.Deadline, Ct);
        await store.PutAsync("c", 3, cancellationToken: Ct);
        (await next.WaitAsync(Wait.Deadline, Ct)).ShouldBeTrue();
        watch.Current.Key.ShouldBe("c");
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_watch_misses_and_repeats_nothing_while_the_server_is_killed_again_and_again(bool updatesOnly)
    {
        const int Count = 3000;
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        await using var writer = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig("kill") { History = 64 }, Ct);
        var writing = new NatsKVContext(new NatsJSContext(writer, new NatsJSOpts(writer.Opts, requestTimeout: TimeSpan.FromSeconds(1))));
        var waits = new TaskCompletionSource();
        var opts = new NatsKVWatchOpts { UpdatesOnly = updatesOnly, OnNoData = _ => { waits.TrySetResult(); return default; } };
        var seen = Channel.CreateUnbounded<NatsKVEntry<int>>();
        var watch = WatchAsync();
        await waits.Task.WaitAsync(Wait.Deadline, Ct);

        // 50 keys in turn: 60 revisions of each, all kept.
        var write = WriteAsync();
        for (var kill = 1; kill <= 3; kill++)
        {
            await Wait.UntilAsync(() => seen.Reader.Count > kill * Count / 5, "watching is under way");
            await server.KillAsync();
            await server.StartAsync();
        }

        await write.WaitAsync(TimeSpan.FromMinutes(1), Ct);
        var last = (await store.GetStatusAsync(Ct)).Info.State.LastSeq;
        await Wait.UntilAsync(() => watch.IsCompleted || (ulong)seen.Reader.Count >= last, "the watch has caught up");
        seen.Writer.Complete();
        var entries = await seen.Reader.ReadAllAsync(Ct).ToListAsync(Ct);
        entries.Select(e => e.Revision).ShouldBe(Enumerable.Range(1, (int)last).Select(i => (ulong)i));
        entries.Select(e => e.Value).Distinct().Order().ShouldBe(Enumerable.Range(0, Count));

        async Task WatchAsync()
        {
            await foreach (var entry in store.WatchAsync<int>(opts: opts, cancellationToken: Ct))
                seen.Writer.TryWrite(entry);
        }

        async Task WriteAsync()
        {
            var bucket = await writing.GetStoreAsync("kill", Ct);
            for (var i = 0; i < Count;)
            {
                try
                {
                    await bucket.PutAsync($"k.{i % 50}", i, cancellationToken: Ct);
                    i++;
                }
                catch (NatsJSPublishNoResponseException)
                {
                    // Stored or not: write it again.
                }
            }
        }
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_watch_whose_consumer_is_taken_away_goes_on()
    {
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var store = await new NatsKVContext(js).CreateStoreAsync("taken", Ct);
        await store.PutAsync("a", 1, cancellationToken: Ct);
        await using var watch = store.WatchAsync<int>(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        await TakeAsync(watch, 1);

        await foreach (var consumer in js.ListConsumerNamesAsync("KV_taken", Ct))
            await js.DeleteConsumerAsync("KV_taken", consumer, Ct);

        await store.PutAsync("b", 2, cancellationToken: Ct);
        (await TakeAsync(watch, 1))[0].Key.ShouldBe("b");
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_list_of_keys_ends_when_they_are_replaced_or_removed_meanwhile(bool removes)
    {
        const int Count = 1500;
        await using var server = new NatsServer();
        await server.InitializeAsync();
        await using var nats = server.Connect();
        var js = new NatsJSContext(nats);
        var store = await new NatsKVContext(js).CreateStoreAsync("moving", Ct);
        await WriteAsync();
        await using var keys = store.GetKeysAsync(cancellationToken: Ct).GetAsyncEnumerator(Ct);
        (await keys.MoveNextAsync()).ShouldBeTrue();

        if (removes)
            await nats.RequestAsync<byte[], byte[]>("$JS.API.STREAM.PURGE.KV_moving", [], cancellationToken: Ct);
        else
            await WriteAsync();

        var seen = new HashSet<string> { keys.Current };
        while (await keys.MoveNextAsync().AsTask().WaitAsync(Wait.Deadline, Ct))
            seen.Add(keys.Current);

        if (!removes)
            seen.Count.ShouldBe(Count);

        async Task WriteAsync()
        {
            for (var i = 0; i < Count; i++)
                await store.PutAsync($"k.{i}", i, cancellationToken: Ct);
        }
    }

    private static async Task<List<NatsKVEntry<int>>> TakeAsync(IAsyncEnumerator<NatsKVEntry<int>> entries, int count)
    {
        var taken = new List<NatsKVEntry<int>>();
        while (taken.Count < count && await entries.MoveNextAsync().AsTask().WaitAsync(Wait.Deadline, Ct))
            taken.Add(entries.Current);

        return taken;
    }
}
