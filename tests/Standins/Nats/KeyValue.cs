namespace Standins.Nats;

public class KeyValue(NatsServer server) : IClassFixture<NatsServer>
{
    private static CancellationToken Ct => TestContext.Current.CancellationToken;

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_value_is_written_read_replaced_and_read_by_its_revision()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig("values") { History = 5 }, Ct);

        var first = await store.PutAsync("a/b.c", "one", cancellationToken: Ct);
        var other = await store.PutAsync("other", "x", cancellationToken: Ct);
        var second = await store.PutAsync("a/b.c", "two", cancellationToken: Ct);

        (first, other, second).ShouldBe((1ul, 2ul, 3ul));
        var entry = await store.GetEntryAsync<string>("a/b.c", cancellationToken: Ct);
        entry.ShouldSatisfyAllConditions(
            e => e.Bucket.ShouldBe("values"), e => e.Key.ShouldBe("a/b.c"), e => e.Value.ShouldBe("two"), e => e.Revision.ShouldBe(second),
            e => e.Operation.ShouldBe(NatsKVOperation.Put), e => e.Error.ShouldBeNull(), e => e.Created.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(1)));
        (await store.GetEntryAsync<string>("a/b.c", first, cancellationToken: Ct)).Value.ShouldBe("one");
        (await store.TryGetEntryAsync<int>("a/b.c", cancellationToken: Ct)).Value.Error.ShouldBeOfType<NatsDeserializeException>();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_key_without_value_and_a_deleted_key_are_typed_errors()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("gone", Ct);

        await Should.ThrowAsync<NatsKVKeyNotFoundException>(async () => await store.GetEntryAsync<string>("never", cancellationToken: Ct));

        await store.PutAsync("key", "value", cancellationToken: Ct);
        await store.DeleteAsync("key", cancellationToken: Ct);
        (await Should.ThrowAsync<NatsKVKeyDeletedException>(async () => await store.GetEntryAsync<string>("key", cancellationToken: Ct))).Revision.ShouldBe(2ul);
        (await store.TryGetEntryAsync<string>("key", cancellationToken: Ct)).Error.ShouldBeOfType<NatsKVKeyDeletedException>();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Of_many_who_create_a_key_one_succeeds()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("create", Ct);

        var tries = await Task.WhenAll(Enumerable.Range(0, 50).Select(async i =>
        {
            try
            {
                await store.CreateAsync("lease", i, cancellationToken: Ct);
                return true;
            }
            catch (NatsKVCreateException)
            {
                return false;
            }
        }));

        tries.Count(created => created).ShouldBe(1);
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_deleted_key_can_be_created_again(bool purge)
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig($"again-{purge}") { History = 3 }, Ct);
        await store.CreateAsync("key", 1, cancellationToken: Ct);
        await store.DeleteAsync("key", new NatsKVDeleteOpts { Purge = purge }, Ct);

        (await store.CreateAsync("key", 2, cancellationToken: Ct)).ShouldBe(3ul);

        await Should.ThrowAsync<NatsKVCreateException>(async () => await store.CreateAsync("key", 3, cancellationToken: Ct));
        (await store.GetEntryAsync<int>("key", cancellationToken: Ct)).Value.ShouldBe(2);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task An_expired_key_can_be_created_again()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig("expire") { MaxAge = TimeSpan.FromSeconds(5), Storage = NatsKVStorageType.Memory }, Ct);
        await store.CreateAsync("key", 1, cancellationToken: Ct);
        await Should.ThrowAsync<NatsKVCreateException>(async () => await store.CreateAsync("key", 2, cancellationToken: Ct));

        await Wait.UntilAsync(async () => (await store.TryGetEntryAsync<int>("key", cancellationToken: Ct)) is { Success: false, Error: NatsKVKeyNotFoundException }, "the entry expired");

        (await store.CreateAsync("key", 2, cancellationToken: Ct)).ShouldBe(2ul);
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Only_the_holder_of_the_newest_revision_can_update_or_delete()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("update", Ct);
        var first = await store.CreateAsync("key", 1, cancellationToken: Ct);
        var second = await store.UpdateAsync("key", 2, first, cancellationToken: Ct);

        (await Should.ThrowAsync<NatsKVWrongLastRevisionException>(async () => await store.UpdateAsync("key", 3, first, cancellationToken: Ct))).Error.ErrCode.ShouldBe(10071);
        await Should.ThrowAsync<NatsKVWrongLastRevisionException>(async () => await store.DeleteAsync("key", new NatsKVDeleteOpts { Revision = first }, Ct));

        await store.DeleteAsync("key", new NatsKVDeleteOpts { Revision = second }, Ct);
        await Should.ThrowAsync<NatsKVKeyDeletedException>(async () => await store.GetEntryAsync<int>("key", cancellationToken: Ct));
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task History_tells_what_is_kept_and_a_purge_leaves_only_itself()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync(new NatsKVConfig("history") { History = 3 }, Ct);
        for (var i = 1; i <= 4; i++)
            await store.PutAsync("key", i, cancellationToken: Ct);

        await store.PutAsync("other", 9, cancellationToken: Ct);
        await store.DeleteAsync("key", cancellationToken: Ct);

        (await store.HistoryAsync<int>("key", cancellationToken: Ct).ToListAsync(Ct)).Select(e => (e.Value, e.Operation, e.Revision))
            .ShouldBe([(3, NatsKVOperation.Put, 3ul), (4, NatsKVOperation.Put, 4ul), (0, NatsKVOperation.Del, 6ul)]);
        await store.PurgeAsync("key", cancellationToken: Ct);
        (await store.HistoryAsync<int>("key", cancellationToken: Ct).ToListAsync(Ct)).Select(e => e.Operation).ShouldBe([NatsKVOperation.Purge]);
        (await store.HistoryAsync<int>("never", cancellationToken: Ct).ToListAsync(Ct)).ShouldBeEmpty();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task Keys_are_those_with_a_value_and_leave_no_consumer_behind()
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("keys", Ct);
        (await store.GetKeysAsync(cancellationToken: Ct).ToListAsync(Ct)).ShouldBeEmpty();

        for (var i = 0; i < 1200; i++)
            await store.PutAsync($"k.{i}", i, cancellationToken: Ct);

        await store.DeleteAsync("k.1199", cancellationToken: Ct);

        (await store.GetKeysAsync(cancellationToken: Ct).ToListAsync(Ct)).ShouldBe(Enumerable.Range(0, 1199).Select(i => $"k.{i}"));
        (await store.GetStatusAsync(Ct)).Info.State.Messages.ShouldBe(1200);
        await Wait.UntilAsync(async () => (await store.GetStatusAsync(Ct)).Info.State.ConsumerCount == 0, "no consumers left");
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_bucket_is_found_changed_and_deleted()
    {
        await using var nats = server.Connect();
        var context = new NatsKVContext(new NatsJSContext(nats));
        var config = new NatsKVConfig("bucket") { MaxAge = TimeSpan.FromSeconds(20), MaxValueSize = 100, MaxBytes = 10_000, Description = "leases" };
        var created = await context.CreateStoreAsync(config, Ct);

        (await created.GetStatusAsync(Ct)).Info.Config.ShouldSatisfyAllConditions(
            c => c.Name.ShouldBe("KV_bucket"), c => c.Subjects.ShouldBe(["$KV.bucket.>"]), c => c.MaxMsgsPerSubject.ShouldBe(1), c => c.MaxAge.ShouldBe(TimeSpan.FromSeconds(20)),
            c => c.DuplicateWindow.ShouldBe(TimeSpan.FromSeconds(20)), c => c.AllowDirect.ShouldBeTrue(), c => c.AllowRollupHdrs.ShouldBeTrue(),
            c => c.DenyDelete.ShouldBeTrue(), c => c.Discard.ShouldBe(StreamConfigDiscard.New), c => c.Description.ShouldBe("leases"));
        (await Should.ThrowAsync<NatsJSApiException>(async () => await created.PutAsync("big", new byte[200], cancellationToken: Ct))).Error.ErrCode.ShouldBe(10054);
        (await Should.ThrowAsync<NatsJSApiException>(async () => await context.CreateStoreAsync(config with { MaxAge = TimeSpan.FromSeconds(30) }, Ct))).Error.ErrCode.ShouldBe(10058);
        var changed = await context.CreateOrUpdateStoreAsync(config with { MaxAge = TimeSpan.FromSeconds(30) }, Ct);
        (await changed.GetStatusAsync(Ct)).Info.Config.MaxAge.ShouldBe(TimeSpan.FromSeconds(30));
        (await context.GetStoreAsync("bucket", Ct)).Bucket.ShouldBe("bucket");

        (await context.DeleteStoreAsync("bucket", Ct)).ShouldBeTrue();
        (await Should.ThrowAsync<NatsJSApiException>(async () => await context.GetStoreAsync("bucket", Ct))).Error.Code.ShouldBe(404);
    }

    [Theory(Timeout = Wait.TestTimeout)]
    [InlineData("")]
    [InlineData(".a")]
    [InlineData("a.")]
    [InlineData("a b")]
    [InlineData("a*")]
    [InlineData("é")]
    public async Task A_key_that_cannot_be_is_a_typed_error(string key)
    {
        await using var nats = server.Connect();
        var store = await new NatsKVContext(new NatsJSContext(nats)).CreateStoreAsync("invalid", Ct);

        await Should.ThrowAsync<NatsKVException>(async () => await store.PutAsync(key, 1, cancellationToken: Ct));
        (await store.TryGetEntryAsync<int>(key, cancellationToken: Ct)).Error.ShouldBeOfType<NatsKVException>();
    }

    [Fact(Timeout = Wait.TestTimeout)]
    public async Task A_bucket_that_cannot_be_is_a_typed_error()
    {
        await using var nats = server.Connect();
        var context = new NatsKVContext(new NatsJSContext(nats));

        await Should.ThrowAsync<NatsKVException>(async () => await context.CreateStoreAsync("a.b", Ct));
        await Should.ThrowAsync<NatsKVException>(async () => await context.CreateStoreAsync(new NatsKVConfig("long") { History = 65 }, Ct));
    }
}
