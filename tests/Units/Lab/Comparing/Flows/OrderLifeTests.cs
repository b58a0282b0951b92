using System.Globalization;
using System.Text;
using Lab.Comparing.Flows;
using Lab.Reading;

namespace Units.Lab.Comparing.Flows;

public sealed class OrderLifeTests
{
    private static readonly (string Type, string? Consumer)[] Messages =
    [
        ("orders.order-placed.v1", "orders.fulfilment"), ("inventory.reserve-stock.v1", "inventory.stock"),
        ("inventory.stock-reserved.v1", "orders.fulfilment"), ("payments.authorize-payment.v1", "payments.payments"),
        ("payments.payment-authorized.v1", "orders.fulfilment"), ("payments.capture-payment.v1", "payments.payments"),
        ("payments.payment-captured.v1", "orders.fulfilment"), ("orders.order-confirmed.v1", null),
    ];

    [Fact]
    public void The_stages_add_up_to_the_whole_and_leave_what_nobody_measured()
    {
        // Ten orders, of which each message waited 5 ms for its relay, 3 of them for the commit before; one more ms to the consumer.
        var stages = OrderLife.Of(Metrics(0), Metrics(10), accept: 4, whole: 100).ToDictionary(stage => stage.Stage, stage => stage.Milliseconds);

        stages["accept"].ShouldBe(4);
        stages["outbox wait"].ShouldBe((3 * 5) + (5 * 2)); // Nothing is known of the commit of the first, nor of those of the payment worker.
        stages["broker"].ShouldBe(7);
        stages["inbox wait"].ShouldBe(7 * 0.5);
        stages["handler"].ShouldBe(14);
        stages["commit"].ShouldBe(21);
        stages["bank"].ShouldBe(2 * 2.5);
        stages.Values.Sum().ShouldBe(100, 0.001);
        stages["payment worker and rest"].ShouldBe(100 - 4 - 25 - 7 - 3.5 - 14 - 21 - 5, 0.001);
    }

    [Fact]
    public void A_service_that_has_measured_nothing_leaves_everything_to_the_rest()
    {
        var nothing = new ServiceMetrics([]);
        OrderLife.Of(nothing, nothing, accept: 1, whole: 10).ShouldAllBe(stage =>
            stage.Milliseconds == (stage.Stage == "accept" ? 1 : stage.Stage == "payment worker and rest" ? 9 : 0));
    }

    [Fact]
    public void Samples_are_read_with_their_labels()
    {
        var sample = PrometheusSamples.Parse("# HELP a_b x\na_b_sum{type=\"t.v1\",consumer=\"c\"} 1.5\nother 2\n", "a_").ShouldHaveSingleItem();
        sample.Metric.ShouldBe("a_b_sum");
        sample.Labels.ShouldBe(new Dictionary<string, string> { ["type"] = "t.v1", ["consumer"] = "c" }, ignoreOrder: true);
        sample.Value.ShouldBe(1.5);
    }

    private static ServiceMetrics Metrics(int orders)
    {
        var text = new StringBuilder();
        foreach (var (type, consumer) in Messages)
        {
            Histogram("messaging_outbox_wait_seconds", $"type=\"{type}\"", 0.005);
            if (consumer is null)
                continue;
            var labels = $"consumer=\"{consumer}\",type=\"{type}\"";
            Histogram("messaging_receive_age_seconds", labels, 0.006);
            Histogram("messaging_receive_wait_seconds", labels, 0.0005);
            Histogram("messaging_handler_duration_seconds", labels, 0.002);
            Histogram("messaging_commit_duration_seconds", labels, 0.003);
        }

        Histogram("http_client_request_duration_seconds", "service=\"payments\"", 0.0025);
        return new ServiceMetrics([.. PrometheusSamples.Parse(text.ToString(), "")]);

        void Histogram(string name, string labels, double each) => text.Append(
            CultureInfo.InvariantCulture, $"{name}_sum{{{labels}}} {7 + (each * orders)}\n{name}_count{{{labels}}} {3 + orders}\n");
    }
}
