using System.Text;
using Messaging;

namespace Compliance;

/// <summary>Key-value buckets, where a transport has them.</summary>
public abstract class KeyValues(TransportUnderTest underTest) : TransportCompliance(underTest)
{
    private BucketDefinition Bucket => new("bucket-" + Topic.Replace('.', '-'));

    [Fact]
    public async Task A_value_is_got_as_it_was_put_last_and_by_others_too()
    {
        await using var bucket = await OpenAsync();
        (await bucket.GetAsync("no/such.key", Cancel)).ShouldBeNull();
        var first = await bucket.PutAsync("some/key.of-mine", Bytes("eins"), Cancel);
        var entry = (await bucket.GetAsync("some/key.of-mine", Cancel)).ShouldNotBeNull();
        (Encoding.UTF8.GetString(entry.Value.Span), entry.Revision, entry.IsDeleted).ShouldBe(("eins", first, false));
        entry.Time.ShouldBe(DateTimeOffset.UtcNow, TimeSpan.FromMinutes(5));
        var second = await bucket.PutAsync("some/key.of-mine", Bytes(""), Cancel);
        second.ShouldBeGreaterThan(first);
        (await bucket.GetAsync("some/key.of-mine", Cancel)).ShouldNotBeNull().Value.Length.ShouldBe(0, "an empty value is a value");

        await using var theirs = await OpenAsync(Connect());
        (await theirs.GetAsync("some/key.of-mine", Cancel)).ShouldNotBeNull().Revision.ShouldBe(second);
    }

    [Fact]
    public async Task A_bucket_may_be_opened_by_several_at_once()
    {
        await using var before = await OpenAsync();
        ITransport[] transports = [Transport, Connect(), Connect(), Connect()];
        for (var i = 0; i < 5; i++)
        {
            var definition = new BucketDefinition($"{Bucket.Name}-{i}");
            var buckets = await Task.WhenAll(transports.Select(transport => transport.RequireKeyValue().OpenBucketAsync(definition, Cancel)));
            foreach (var bucket in buckets)
            {
                await bucket.PutAsync("key", Bytes("1"), Cancel);
                await bucket.DisposeAsync();
            }
        }
    }

    [Fact]
    public async Task Who_writes_sees_what_he_wrote_every_time()
    {
        await using var bucket = await OpenAsync();
        for (var i = 0; i < 200; i++)
        {
            var revision = await bucket.PutAsync($"key-{i % 7}", Bytes($"{i}"), Cancel);
            var entry = (await bucket.GetAsync($"key-{i % 7}", Cancel)).ShouldNotBeNull();
            (Encoding.UTF8.GetString(entry.Value.Span), entry.Revision).ShouldBe(($"{i}", revision));
        }
    }

    [Fact]
    public async Task A_deleted_value_is_gone_and_may_come_again()
    {
        await using var bucket = await OpenAsync();
        await bucket.DeleteAsync("key", revision: null, Cancel);
        await bucket.PutAsync("key", Bytes("1"), Cancel);
        await bucket.DeleteAsync("key", revision: null, Cancel);
        (await bucket.GetAsync("key", Cancel)).ShouldBeNull();
        await bucket.PutAsync("key", Bytes("2"), Cancel);
        (await bucket.GetAsync("key", Cancel)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Of_several_who_create_a_value_one_wins()
    {
        await using var bucket = await OpenAsync(conditional: true);
        await using var theirs = await OpenAsync(Connect());
        var created = 0;
        await Task.WhenAll(Enumerable.Range(0, 10).Select(async i =>
        {
            try
            {
                await (i % 2 == 0 ? bucket : theirs).CreateAsync("leader", Bytes($"{i}"), Cancel);
                Interlocked.Increment(ref created);
            }
            catch (KeyValueConflictException exception)
            {
                exception.Key.ShouldBe("leader");
                exception.Expected.ShouldBeNull();
            }
        }));
        created.ShouldBe(1);
        await bucket.DeleteAsync("leader", revision: null, Cancel);
        await bucket.CreateAsync("leader", Bytes("next"), Cancel);
    }

    [Fact]
    public async Task A_value_is_updated_and_deleted_only_at_the_revision_that_was_seen()
    {
        await using var bucket = await OpenAsync(conditional: true);
        var first = await bucket.CreateAsync("key", Bytes("1"), Cancel);
        var second = await bucket.UpdateAsync("key", Bytes("2"), first, Cancel);
        (await Should.ThrowAsync<KeyValueConflictException>(() => bucket.UpdateAsync("key", Bytes("3"), first, Cancel).AsTask())).Expected.ShouldBe(first);
        await Should.ThrowAsync<KeyValueConflictException>(() => bucket.DeleteAsync("key", first, Cancel).AsTask());
        Encoding.UTF8.GetString((await bucket.GetAsync("key", Cancel)).ShouldNotBeNull().Value.Span).ShouldBe("2");
        await bucket.DeleteAsync("key", second, Cancel);
        (await bucket.GetAsync("key", Cancel)).ShouldBeNull();
    }

    [Fact]
    public async Task Conditional_writes_that_a_broker_cannot_do_are_refused()
    {
        Assert.SkipUnless(Transport.Capabilities is { KeyValue: true, ConditionalWrites: false }, "Only without " + nameof(TransportCapabilities.ConditionalWrites));
        await using var bucket = await OpenAsync();
        var refusals = new[]
        {
            await Should.ThrowAsync<CapabilityMissingException>(() => bucket.CreateAsync("key", Bytes("1"), Cancel).AsTask()),
            await Should.ThrowAsync<CapabilityMissingException>(() => bucket.UpdateAsync("key", Bytes("1"), 1, Cancel).AsTask()),
            await Should.ThrowAsync<CapabilityMissingException>(() => bucket.DeleteAsync("key", 1, Cancel).AsTask()),
        };
        refusals.ShouldAllBe(refusal => refusal.Capability == nameof(TransportCapabilities.ConditionalWrites) && refusal.Message.Contains(Transport.Name));
    }

    [Fact]
    public async Task Who_watches_gets_what_is_there_and_then_every_change()
    {
        await using var bucket = await OpenAsync();
        await bucket.PutAsync("a", Bytes("1"), Cancel);
        await bucket.PutAsync("b", Bytes("1"), Cancel);
        await bucket.PutAsync("gone", Bytes("1"), Cancel);
        await bucket.DeleteAsync("gone", revision: null, Cancel);
        await bucket.PutAsync("a", Bytes("2"), Cancel);
        await using var theirs = await OpenAsync(Connect());
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        deadline.CancelAfter(TimeSpan.FromSeconds(60));
        var seen = new List<string>();
        await foreach (var entry in bucket.WatchAsync(deadline.Token))
        {
            seen.Add($"{entry.Key}={(entry.IsDeleted ? "deleted" : Encoding.UTF8.GetString(entry.Value.Span))}");
            if (seen.Count == 2)
                await theirs.PutAsync("c", Bytes("3"), Cancel);
            else if (seen.Count == 3)
                await theirs.DeleteAsync("b", revision: null, Cancel);
            else if (seen.Count == 4)
                break;
        }

        seen[..2].ShouldBe(["a=2", "b=1"], ignoreOrder: true);
        seen[2..].ShouldBe(["c=3", "b=deleted"]);
    }

    [Fact]
    public async Task A_bucket_keeps_the_history_it_was_asked_for()
    {
        Assert.SkipUnless(Transport.Capabilities.KeyValueHistory, nameof(TransportCapabilities.KeyValueHistory));
        await using var bucket = await Transport.RequireKeyValue().OpenBucketAsync(Bucket with { History = 3 }, Cancel);
        for (var i = 0; i < 5; i++)
            await bucket.PutAsync("key", Bytes($"{i}"), Cancel);
        (await bucket.GetHistoryAsync("key", Cancel)).Select(entry => Encoding.UTF8.GetString(entry.Value.Span)).ShouldBe(["2", "3", "4"]);
    }

    [Fact]
    public async Task A_history_that_a_broker_cannot_keep_is_refused()
    {
        Assert.SkipUnless(Transport.Capabilities is { KeyValue: true, KeyValueHistory: false }, "Only without " + nameof(TransportCapabilities.KeyValueHistory));
        await Should.ThrowAsync<CapabilityMissingException>(() => Transport.RequireKeyValue().OpenBucketAsync(Bucket with { History = 3 }, Cancel));
    }

    [Fact]
    public async Task A_value_lives_no_longer_than_its_bucket_says()
    {
        SkipUnlessKeyValue();
        await using var bucket = await Transport.RequireKeyValue().OpenBucketAsync(Bucket with { TimeToLive = TimeSpan.FromSeconds(8) }, Cancel);
        await bucket.PutAsync("key", Bytes("1"), Cancel);
        (await bucket.GetAsync("key", Cancel)).ShouldNotBeNull();
        await EventuallyAsync(async () => await bucket.GetAsync("key", Cancel) is null);
    }

    [Theory]
    [InlineData("")]
    [InlineData("with space")]
    [InlineData(".dot")]
    [InlineData("star*")]
    public async Task A_key_that_not_every_broker_can_hold_is_refused(string key)
    {
        await using var bucket = await OpenAsync();
        await Should.ThrowAsync<ArgumentException>(() => bucket.PutAsync(key, Bytes("1"), Cancel).AsTask());
        await Should.ThrowAsync<ArgumentException>(() => bucket.GetAsync(key, Cancel).AsTask());
    }

    [Fact]
    public async Task A_facet_that_a_transport_lacks_is_refused_in_one_sentence()
    {
        if (!Transport.Capabilities.KeyValue)
            Should.Throw<CapabilityMissingException>(() => Transport.RequireKeyValue()).Message.ShouldContain(Transport.Name);
        if (!Transport.Capabilities.RequestReply)
            Should.Throw<CapabilityMissingException>(() => Transport.RequireRequestReply()).Message.ShouldContain(Transport.Name);
        (Transport is IKeyValue).ShouldBe(Transport.Capabilities.KeyValue);
        (Transport is IRequestReply).ShouldBe(Transport.Capabilities.RequestReply);
        await Task.CompletedTask;
    }

    private static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    private void SkipUnlessKeyValue() => Assert.SkipUnless(Transport.Capabilities.KeyValue, nameof(TransportCapabilities.KeyValue));

    private Task<IKeyValueBucket> OpenAsync(ITransport? transport = null, bool conditional = false)
    {
        SkipUnlessKeyValue();
        Assert.SkipUnless(!conditional || Transport.Capabilities.ConditionalWrites, nameof(TransportCapabilities.ConditionalWrites));
        return (transport ?? Transport).RequireKeyValue().OpenBucketAsync(Bucket, Cancel);
    }
}
