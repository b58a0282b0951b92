using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Lab.Checking;
using Lab.History;
using Lab.Placing;
using Npgsql;

namespace Flow;

/// <summary>What holds for the whole flow, whichever the transport.</summary>
public abstract class OrderFlow(StartedSystem system)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static TheoryData<string> Paths => [.. OrderPath.All.Select(path => path.Name)];

    [Theory]
    [MemberData(nameof(Paths))]
    public async Task Every_path_leads_to_its_end_and_keeps_the_invariants(string name)
    {
        var path = OrderPath.All.Single(path => path.Name == name);

        var outcomes = await system.RunAsync(path, count: 5);

        outcomes.ShouldAllBe(outcome => outcome.IsAsExpected);
        var ids = outcomes.Select(outcome => outcome.OrderId).ToHashSet();
        var snapshot = Of(ids, await system.ReadWhenQuietAsync(outcomes));
        Invariant.All.Where(invariant => invariant is not StockIsConserved).SelectMany(invariant => invariant.Check(snapshot)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_confirmed_order_tells_what_happened_when()
    {
        var outcome = (await system.RunAsync(OrderPath.Confirmed)).ShouldHaveSingleItem();
        await system.ReadWhenQuietAsync([outcome]);

        var order = await system.Api.GetFromJsonAsync<JsonElement>($"/orders/{outcome.OrderId}", Cancel);

        order.GetProperty("state").GetString().ShouldBe("Confirmed");
        order.GetProperty("amount").GetDecimal().ShouldBeGreaterThan(0);
        var timeline = order.GetProperty("timeline").EnumerateArray().ToArray();
        timeline.Select(entry => entry.GetProperty("what").GetString()).ShouldBe(
            ["order-placed", "stock-reserved", "payment-authorized", "payment-captured", "stock-committed", "order-confirmed"], ignoreOrder: true);
        timeline.Select(entry => entry.GetProperty("at").GetDateTimeOffset()).ShouldBeInOrder();
    }

    [Fact]
    public async Task The_history_tells_the_story_of_each_order_and_accounts_for_every_message()
    {
        await using var recorder = system.Record();
        var outcomes = await system.RunAsync(OrderMix.Plan(30, seed: 5));
        foreach (var outcome in outcomes)
        {
            recorder.Accepted(outcome.OrderId, outcome.View!.Timeline.Min(entry => entry.At));
            await Eventually.HoldsAsync(() => recorder.EndOf(outcome.OrderId)?.State == outcome.View.State, $"{outcome.OrderId} was seen to end");
        }

        await system.ReadWhenQuietAsync(outcomes);
        var book = await recorder.CloseAsync(Cancel);

        book.Account.Gaps.ShouldBeEmpty();
        book.Account.Lost.ShouldBeEmpty();
        book.Account.OutOfOrder.ShouldBeEmpty();
        book.Account.NeverPublished.ShouldBeEmpty();
        book.Account.Delivered.ShouldBeGreaterThan(book.Account.Published);
        book.Entries.Select(entry => entry.At).ShouldBeInOrder();
        foreach (var order in outcomes.Where(outcome => outcome.Plan.Path == OrderPath.Confirmed))
        {
            var story = book.Entries.Where(entry => entry.Key == order.OrderId.ToString()).ToArray();
            story.Select(entry => entry.Kind).Distinct().ShouldBe(
                [HistoryKind.Accepted, HistoryKind.Published, HistoryKind.Delivered, HistoryKind.Effect, HistoryKind.Ledger], ignoreOrder: true);
            story.Select(entry => entry.What).ShouldContain("orders.order-confirmed.v1");
            story.Count(entry => entry.What.StartsWith("captured ", StringComparison.Ordinal)).ShouldBe(1);
        }
    }

    [Fact]
    public async Task The_list_pages_through_all_orders_of_a_state()
    {
        var rejected = await system.RunAsync(OrderPath.All.Single(path => path.Name == "declined"), count: 7);
        await system.ReadWhenQuietAsync(rejected);

        var seen = new List<Guid>();
        string? after = null;
        do
        {
            var page = await system.Api.GetFromJsonAsync<JsonElement>($"/orders?state=Rejected&limit=3{(after is null ? "" : $"&after={after}")}", Cancel);
            seen.AddRange(page.GetProperty("orders").EnumerateArray().Select(order => order.GetProperty("orderId").GetGuid()));
            after = page.GetProperty("next").GetString();
        }
        while (after is not null);

        seen.ShouldBeUnique();
        rejected.Select(outcome => outcome.OrderId).ShouldBeSubsetOf(seen);
    }

    [Theory]
    [InlineData("orders")]
    [InlineData("inventory")]
    [InlineData("payments")]
    [InlineData("payment-provider")]
    public async Task A_service_killed_in_the_middle_breaks_no_promise(string service)
    {
        var outcomes = await system.RunAndKillAsync(service, orders: 60);

        outcomes.ShouldAllBe(outcome => outcome.HasEnded);
        var ids = outcomes.Select(outcome => outcome.OrderId).ToHashSet();
        var snapshot = Of(ids, await system.ReadWhenQuietAsync(outcomes));
        Invariant.All.Where(invariant => invariant is not StockIsConserved).SelectMany(invariant => invariant.Check(snapshot)).ShouldBeEmpty();
    }

    [Fact]
    public async Task The_same_key_and_body_is_one_order_even_at_the_same_moment()
    {
        var key = Guid.NewGuid().ToString();

        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => PostAsync(Valid, key)));

        answers.ShouldAllBe(answer => answer.StatusCode == HttpStatusCode.Accepted);
        answers.Select(answer => answer.Headers.Location!.ToString()).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
    }

    [Fact]
    public async Task The_same_key_with_another_body_is_refused()
    {
        var key = Guid.NewGuid().ToString();
        (await PostAsync(Valid, key)).StatusCode.ShouldBe(HttpStatusCode.Accepted);

        var answer = await PostAsync(Valid.Replace("KETTLE", "GRINDER", StringComparison.Ordinal), key);

        await ShouldBeProblemAsync(answer, HttpStatusCode.UnprocessableEntity, "/problems/idempotency-key-reused");
    }

    [Theory]
    [InlineData("{", HttpStatusCode.BadRequest, "/problems/malformed-body")]
    [InlineData("[]", HttpStatusCode.BadRequest, "/problems/malformed-body")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[]}""", HttpStatusCode.BadRequest, "/problems/no-lines")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"NOPE","quantity":1}]}""", HttpStatusCode.BadRequest, "/problems/unknown-sku")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":0}]}""", HttpStatusCode.BadRequest, "/problems/invalid-quantity")]
    [InlineData("""{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":-3}]}""", HttpStatusCode.BadRequest, "/problems/invalid-quantity")]
    public async Task A_bad_order_is_refused_with_a_stable_problem_and_nothing_is_stored(string body, HttpStatusCode status, string type)
    {
        var before = await CountOrdersAsync();

        await ShouldBeProblemAsync(await PostAsync(body), status, type);

        (await CountOrdersAsync()).ShouldBe(before);
    }

    [Fact]
    public async Task Too_many_lines_and_too_large_a_body_are_refused()
    {
        var lines = string.Join(',', Enumerable.Range(0, 101).Select(i => $$"""{"sku":"S{{i}}","quantity":1}"""));
        await ShouldBeProblemAsync(
            await PostAsync($$"""{"customerId":"c","paymentMethod":"visa","lines":[{{lines}}]}"""), HttpStatusCode.BadRequest, "/problems/too-many-lines");

        await ShouldBeProblemAsync(
            await PostAsync($$"""{"customerId":"{{new string('x', 70_000)}}"}"""), HttpStatusCode.RequestEntityTooLarge, "/problems/body-too-large");
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/json; charset=utf-7")]
    public async Task A_body_in_another_form_is_refused(string contentType)
    {
        using var content = new StringContent(Valid);
        content.Headers.Remove("Content-Type");
        content.Headers.TryAddWithoutValidation("Content-Type", contentType);

        await ShouldBeProblemAsync(
            await system.Api.PostAsync("/orders", content, Cancel), HttpStatusCode.UnsupportedMediaType, "/problems/unsupported-media-type");
    }

    [Fact]
    public async Task An_unknown_order_is_404_and_an_ended_one_cannot_be_cancelled()
    {
        await ShouldBeProblemAsync(await system.Api.GetAsync($"/orders/{Guid.NewGuid()}", Cancel), HttpStatusCode.NotFound, "/problems/order-not-found");
        await ShouldBeProblemAsync(await system.Api.DeleteAsync($"/orders/{Guid.NewGuid()}", Cancel), HttpStatusCode.NotFound, "/problems/order-not-found");
        var ended = (await system.RunAsync(OrderPath.Confirmed)).ShouldHaveSingleItem();

        await ShouldBeProblemAsync(await system.Api.DeleteAsync($"/orders/{ended.OrderId}", Cancel), HttpStatusCode.Conflict, "/problems/order-ended");
    }

    [Fact]
    public async Task Orders_asks_Inventory_for_the_stock_of_an_article()
    {
        // On Kafka the responder has to join its group first: until then the question goes unanswered.
        JsonElement told = default;
        await Eventually.HoldsAsync(
            async () =>
            {
                using var answer = await system.Api.GetAsync("/stock/GRINDER", Cancel);
                if (answer.StatusCode == HttpStatusCode.ServiceUnavailable)
                    return false;
                answer.StatusCode.ShouldBe(HttpStatusCode.OK);
                told = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
                return true;
            },
            "Inventory answers");
        var known = await system.Http("inventory").GetFromJsonAsync<JsonElement>("/stock/GRINDER", Cancel);
        told.GetProperty("onHand").GetInt32().ShouldBe(known.GetProperty("onHand").GetInt32());
        told.GetProperty("reserved").GetInt32().ShouldBe(known.GetProperty("reserved").GetInt32());

        using var unknown = await system.Api.GetAsync("/stock/NO-SUCH-THING", Cancel);
        await ShouldBeProblemAsync(unknown, HttpStatusCode.NotFound, "/problems/article-not-found");
    }

    [Fact]
    public async Task A_foreign_reader_sees_CloudEvents_with_a_JSON_body_and_one_trace_per_order()
    {
        var outcome = (await system.RunAsync(OrderPath.Confirmed)).ShouldHaveSingleItem();
        var id = outcome.OrderId.ToString();
        var messages = new List<RawMessage>();
        foreach (var topic in new[] { "orders.events", "inventory.commands", "inventory.events", "payments.commands", "payments.events" })
            messages.AddRange((await ReadAsync(topic)).Where(message => message.Attributes.GetValueOrDefault("partitionkey") == id));

        messages.Select(message => message.Attributes["type"]).ShouldBe(
        [
            "orders.order-placed.v1", "inventory.reserve-stock.v1", "inventory.stock-reserved.v1", "payments.authorize-payment.v1",
            "payments.payment-authorized.v1", "payments.capture-payment.v1", "inventory.commit-stock.v1", "inventory.stock-committed.v1",
            "payments.payment-captured.v1", "orders.order-confirmed.v1",
        ], ignoreOrder: true);
        foreach (var (attributes, body) in messages)
        {
            attributes["specversion"].ShouldBe("1.0");
            Guid.Parse(attributes["id"]).Version.ShouldBe(7);
            attributes["source"].ShouldBeOneOf("/orders", "/inventory", "/payments");
            DateTimeOffset.Parse(attributes["time"], System.Globalization.CultureInfo.InvariantCulture).ShouldBeGreaterThan(DateTimeOffset.UtcNow.AddHours(-1));
            attributes["content-type"].ShouldBe("application/json");
            attributes["correlationid"].ShouldBe(id);
            JsonSerializer.Deserialize<JsonElement>(body).GetProperty("orderId").GetString().ShouldBe(id);
        }

        messages.Select(message => message.Attributes["traceparent"].Split('-')[1]).Distinct(StringComparer.Ordinal).ShouldHaveSingleItem();
        messages.Count(message => !message.Attributes.ContainsKey("causationid")).ShouldBe(1);
    }

    [Theory]
    [InlineData("not even JSON", "inventory.reserve-stock.v1", "undecodable")]
    [InlineData("{}", "inventory.reserve-stock.v1", "undecodable")]
    [InlineData("{}", "inventory.unheard-of.v9", "unknown type")]
    [InlineData("{}", null, "undecodable: attribute type is missing")]
    public async Task A_poison_message_is_parked_with_its_cause_and_the_flow_goes_on(string body, string? type, string cause)
    {
        var id = Guid.CreateVersion7().ToString();
        var attributes = new Dictionary<string, string>(StringComparer.Ordinal)
        {
            ["specversion"] = "1.0", ["id"] = id, ["source"] = "/elsewhere", ["time"] = "2026-01-01T00:00:00Z", ["partitionkey"] = id,
        };
        if (type is not null)
            attributes["type"] = type;

        await PublishAsync("inventory.commands", id, attributes, Encoding.UTF8.GetBytes(body));

        (await system.RunAsync(OrderPath.Confirmed, count: 4)).ShouldAllBe(outcome => outcome.IsAsExpected);
        await Eventually.HoldsAsync(async () => (await ParkedCausesAsync()).Any(found => found.StartsWith(cause, StringComparison.Ordinal)), $"'{cause}' is parked");
        await ForgetParkedAsync();
    }

    protected abstract Task<IReadOnlyList<RawMessage>> ReadAsync(string topic);

    protected abstract Task PublishAsync(string topic, string key, IReadOnlyDictionary<string, string> attributes, byte[] body);

    private const string Valid = """{"customerId":"c","paymentMethod":"visa","lines":[{"sku":"KETTLE","quantity":1}]}""";

    /// <summary>The part of a snapshot that the orders of one test make up; other tests' orders are not accepted in its eyes.</summary>
    internal static Snapshot Of(HashSet<Guid> ids, Snapshot all) => all with
    {
        Orders = [.. all.Orders.Where(order => ids.Contains(order.OrderId))],
        Views = [.. all.Views.Where(view => ids.Contains(view.OrderId))],
        Movements = [.. all.Movements.Where(movement => ids.Contains(movement.OrderId))],
        Payments = [.. all.Payments.Where(payment => ids.Contains(payment.OrderId))],
        Ledger = [.. all.Ledger.Where(entry => ids.Contains(Guid.Parse(entry.Reference)))],
    };

    private async Task<HttpResponseMessage> PostAsync(string body, string? key = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/orders") { Content = new StringContent(body, Encoding.UTF8, "application/json") };
        if (key is not null)
            request.Headers.Add("Idempotency-Key", key);
        return await system.Api.SendAsync(request, Cancel);
    }

    private static async Task ShouldBeProblemAsync(HttpResponseMessage answer, HttpStatusCode status, string type)
    {
        answer.StatusCode.ShouldBe(status);
        answer.Content.Headers.ContentType?.MediaType.ShouldBe("application/problem+json");
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        problem.GetProperty("type").GetString().ShouldBe(type);
        problem.GetProperty("status").GetInt32().ShouldBe((int)status);
    }

    private Task<long> CountOrdersAsync() => ScalarAsync<long>("orders-db", "select count(*) from orders.orders");

    private async Task<string[]> ParkedCausesAsync() =>
        await ScalarAsync<string[]>("inventory-db", "select coalesce(array_agg(cause), '{}') from messaging.parked where state = 'dead'");

    private Task<long> ForgetParkedAsync() => ScalarAsync<long>("inventory-db", "with queues as (delete from messaging.parked_queues), gone as (delete from messaging.parked returning 1) select count(*) from gone");

    private async Task<T> ScalarAsync<T>(string database, string sql)
    {
        await using var connection = new NpgsqlConnection(system.ConnectionString(database));
        await connection.OpenAsync(Cancel);
        await using var command = new NpgsqlCommand(sql, connection);
        return (T)(await command.ExecuteScalarAsync(Cancel))!;
    }
}

/// <summary>A message as the broker holds it: CloudEvents attributes without the binding's prefix, and the body.</summary>
public sealed record RawMessage(IReadOnlyDictionary<string, string> Attributes, byte[] Body);

public static class Eventually
{
    private static readonly TimeSpan Limit = TimeSpan.FromSeconds(60);

    public static Task HoldsAsync(Func<bool> condition, string what) => HoldsAsync(() => Task.FromResult(condition()), what);

    public static async Task HoldsAsync(Func<Task<bool>> condition, string what)
    {
        using var deadline = new CancellationTokenSource(Limit);
        while (!await condition())
        {
            if (deadline.IsCancellationRequested)
                throw new TimeoutException($"Waited in vain until {what}.");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
