using Lab.Comparing.Results;
using Lab.Reading;

namespace Lab.Comparing.Flows;

/// <summary>
/// Where the life of a confirmed order goes, as means of what the services measure of each message on its way: the time of a message
/// until a relay gave it to the broker, until a consumer took it up, until its handler began and had ended, and the commit. A message has
/// its time from when it was written: what was left of its transaction then, the rest of a batch too, is in the wait for the relay.
/// </summary>
internal static class OrderLife
{
    private const string Wait = "messaging_outbox_wait_seconds";
    private const string Age = "messaging_receive_age_seconds";
    private const string InboxWait = "messaging_receive_wait_seconds";
    private const string Handler = "messaging_handler_duration_seconds";
    private const string Commit = "messaging_commit_duration_seconds";
    private const string Calls = "http_client_request_duration_seconds";

    // It answers when the bank has answered, in another transaction than that of the command.
    private const string Payments = "payments.payments";

    /// <summary>The messages that one after another lead to a confirmed order, each with who takes it in; the last is read by whoever waits.</summary>
    private static readonly (string Type, string? Consumer)[] Way =
    [
        ("orders.order-placed.v1", "orders.fulfilment"),
        ("inventory.reserve-stock.v1", "inventory.stock"),
        ("inventory.stock-reserved.v1", "orders.fulfilment"),
        ("payments.authorize-payment.v1", Payments),
        ("payments.payment-authorized.v1", "orders.fulfilment"),
        ("payments.capture-payment.v1", Payments),
        ("payments.payment-captured.v1", "orders.fulfilment"),
        ("orders.order-confirmed.v1", null),
    ];

    /// <summary>The stages in the order in which an order passes them.</summary>
    /// <param name="before">The metrics of all services before the run.</param>
    /// <param name="after">The same after it.</param>
    /// <param name="accept">How long the API took on average, in milliseconds.</param>
    /// <param name="whole">How long the orders took on average, from intended to ended, in milliseconds.</param>
    public static IReadOnlyList<StageTime> Of(ServiceMetrics before, ServiceMetrics after, double accept, double whole)
    {
        var (outbox, broker, inbox, handler, commit) = (0.0, 0.0, 0.0, 0.0, 0.0);
        var committedBefore = 0.0; // The time of a message begins within the transaction that commits it.
        foreach (var (type, consumer) in Way)
        {
            var wait = Mean(Wait, ("type", type));
            outbox += Math.Max(0, wait - committedBefore);
            if (consumer is null) continue;
            broker += Math.Max(0, Mean(Age, ("type", type), ("consumer", consumer)) - wait);
            inbox += Mean(InboxWait, ("type", type), ("consumer", consumer));
            handler += Mean(Handler, ("type", type), ("consumer", consumer));
            var committed = Mean(Commit, ("type", type), ("consumer", consumer));
            commit += committed;
            committedBefore = consumer == Payments ? 0 : committed;
        }

        var bank = 2 * Mean(Calls, ("service", "payments"));
        var rest = Math.Max(0, whole - (accept + outbox + broker + inbox + handler + commit + bank));
        return
        [
            new("accept", Round(accept)), new("outbox wait", Round(outbox)), new("broker", Round(broker)), new("inbox wait", Round(inbox)),
            new("handler", Round(handler)), new("commit", Round(commit)), new("bank", Round(bank)), new("payment worker and rest", Round(rest)),
        ];

        double Mean(string metric, params (string Name, string Value)[] labels) => after.MeanSince(before, metric, labels) * 1000;
    }

    private static double Round(double milliseconds) => Math.Round(milliseconds, 2);
}
