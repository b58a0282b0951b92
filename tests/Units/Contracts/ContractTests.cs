using System.Text.Json;
using System.Text.Json.Nodes;
using Messaging;
using Shared.Contracts;

namespace Units.Contracts;

/// <summary>What other services rely on: names, topics and bodies of the messages.</summary>
public sealed class ContractTests
{
    private static readonly Guid OrderId = Guid.Parse("0193a1b2-0000-7000-8000-000000000001");
    private static readonly DateTimeOffset At = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

    private static readonly IOrderMessage[] Samples =
    [
        new OrderPlaced(OrderId, "customer-1", [new OrderLine("KETTLE", 2, 79.00m)], 158.00m, "EUR", "visa", At),
        new OrderCancellationRequested(OrderId, At),
        new StockDeadlinePassed(OrderId),
        new PaymentDeadlinePassed(OrderId),
        new OrderConfirmed(OrderId, At),
        new OrderRejected(OrderId, "no stock", At),
        new OrderCancelled(OrderId, "too late", At),
        new ReserveStock(OrderId, [new StockLine("KETTLE", 2)]),
        new ReleaseStock(OrderId),
        new CommitStock(OrderId),
        new StockReserved(OrderId, At),
        new StockRejected(OrderId, "KETTLE: 2 ordered, 1 on hand", At, "KETTLE"),
        new StockReleased(OrderId, At),
        new StockCommitted(OrderId, At),
        new AuthorizePayment(OrderId, 158.00m, "EUR", "visa"),
        new CapturePayment(OrderId),
        new VoidPayment(OrderId),
        new PaymentAuthorized(OrderId, At),
        new PaymentDeclined(OrderId, "The card was declined.", At),
        new PaymentCaptured(OrderId, At),
        new PaymentVoided(OrderId, At),
        new PaymentCalledOff(OrderId, "too late", At),
        new AuthorizationDeadlinePassed(OrderId),
    ];

    // The published language. A line here is never changed, only added: a changed body gets a new version and a new line.
    private static readonly string[] Published =
    [
        """inventory.commands inventory.commit-stock.v1 {"orderId":"…"}""",
        """inventory.commands inventory.release-stock.v1 {"orderId":"…"}""",
        """inventory.commands inventory.reserve-stock.v1 {"orderId":"…","lines":[{"sku":"KETTLE","quantity":2}]}""",
        """inventory.events inventory.stock-committed.v1 {"orderId":"…","at":"…"}""",
        """inventory.events inventory.stock-rejected.v1 {"orderId":"…","reason":"KETTLE: 2 ordered, 1 on hand","at":"…","sku":"KETTLE"}""",
        """inventory.events inventory.stock-released.v1 {"orderId":"…","at":"…"}""",
        """inventory.events inventory.stock-reserved.v1 {"orderId":"…","at":"…"}""",
        """orders.events orders.cancellation-requested.v1 {"orderId":"…","at":"…"}""",
        """orders.events orders.order-cancelled.v1 {"orderId":"…","reason":"too late","at":"…"}""",
        """orders.events orders.order-confirmed.v1 {"orderId":"…","at":"…"}""",
        """orders.events orders.order-placed.v1 {"orderId":"…","customerId":"customer-1","lines":[{"sku":"KETTLE","quantity":2,"unitPrice":79.00}],"amount":158.00,"currency":"EUR","paymentMethod":"visa","placedAt":"…"}""",
        """orders.events orders.order-rejected.v1 {"orderId":"…","reason":"no stock","at":"…"}""",
        """orders.events orders.payment-deadline-passed.v1 {"orderId":"…"}""",
        """orders.events orders.stock-deadline-passed.v1 {"orderId":"…"}""",
        """payments.commands payments.authorize-payment.v1 {"orderId":"…","amount":158.00,"currency":"EUR","paymentMethod":"visa"}""",
        """payments.commands payments.capture-payment.v1 {"orderId":"…"}""",
        """payments.commands payments.void-payment.v1 {"orderId":"…"}""",
        """payments.events payments.authorization-deadline-passed.v1 {"orderId":"…"}""",
        """payments.events payments.payment-authorized.v1 {"orderId":"…","at":"…"}""",
        """payments.events payments.payment-called-off.v1 {"orderId":"…","reason":"too late","at":"…"}""",
        """payments.events payments.payment-captured.v1 {"orderId":"…","at":"…"}""",
        """payments.events payments.payment-declined.v1 {"orderId":"…","reason":"The card was declined.","at":"…"}""",
        """payments.events payments.payment-voided.v1 {"orderId":"…","at":"…"}""",
    ];

    public static TheoryData<string> Names => [.. OrderFlow.Messages.Select(kind => kind.Name)];

    [Fact]
    public void Names_topics_and_bodies_are_what_was_published()
    {
        var now = Samples.Select(sample =>
        {
            var kind = OrderFlow.Messages.Single(kind => kind.ClrType == sample.GetType());
            var body = Json(sample).Replace(OrderId.ToString(), "…", StringComparison.Ordinal).Replace("2026-11-21T12:00:00+00:00", "…", StringComparison.Ordinal);
            return $"{kind.Topic} {kind.Name} {body}";
        });

        now.Order(StringComparer.Ordinal).ShouldBe(Published);
    }

    [Fact]
    public void A_question_about_stock_and_its_answer_are_what_was_published()
    {
        StockQueries.Messages.Select(kind => kind.Name).ShouldBe(["inventory.stock-query.v1", "inventory.stock-answer.v1"]);
        Json(new StockQuery("KETTLE")).ShouldBe("""{"sku":"KETTLE"}""");
        Json(new StockAnswer("KETTLE", Exists: true, OnHand: 3, Reserved: 1)).ShouldBe("""{"sku":"KETTLE","exists":true,"onHand":3,"reserved":1}""");
        StockQueries.KeyOf(new StockQuery("KETTLE")).ShouldBe(StockQueries.KeyOf(new StockAnswer("KETTLE", true, 3, 1)));
    }

    [Fact]
    public void Every_message_of_the_assembly_is_in_the_flow_once()
    {
        var types = typeof(IOrderMessage).Assembly.GetTypes().Where(type => type.IsAssignableTo(typeof(IOrderMessage)) && !type.IsInterface);

        OrderFlow.Messages.Select(kind => kind.ClrType).ShouldBe(types, ignoreOrder: true);
        OrderFlow.Messages.Select(kind => kind.Name).ShouldBeUnique();
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_survives_the_wire(string name)
    {
        var sample = SampleOf(name);

        var read = JsonSerializer.Deserialize(Json(sample), sample.GetType(), MessageJson.Options);

        Json(read!).ShouldBe(Json(sample));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Fields_of_a_later_version_are_ignored(string name)
    {
        var sample = SampleOf(name);
        var later = JsonNode.Parse(Json(sample))!.AsObject();
        later["addedLater"] = new JsonObject { ["deep"] = 1 };

        var read = JsonSerializer.Deserialize(later.ToJsonString(), sample.GetType(), MessageJson.Options);

        Json(read!).ShouldBe(Json(sample));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_message_without_its_order_is_not_read(string name)
    {
        var sample = SampleOf(name);
        var broken = JsonNode.Parse(Json(sample))!.AsObject();
        broken.Remove("orderId");

        Should.Throw<JsonException>(() => JsonSerializer.Deserialize(broken.ToJsonString(), sample.GetType(), MessageJson.Options));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void The_key_is_the_order_id(string name) => OrderFlow.KeyOf(SampleOf(name)).ShouldBe(OrderId.ToString("D"));

    private static IOrderMessage SampleOf(string name)
    {
        var type = OrderFlow.Messages.Single(kind => kind.Name == name).ClrType;
        return Samples.Single(sample => sample.GetType() == type);
    }

    private static string Json(object message) => JsonSerializer.Serialize(message, message.GetType(), MessageJson.Options);
}
