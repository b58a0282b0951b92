using Orders.PlacingAnOrder;
using Payments;
using Payments.ReactingToEvents;
using Shared.Contracts;
using Units.Orders;

namespace Units.Choreography;

/// <summary>
/// The real order, the real payment and what decides about it, a warehouse and a bank, joined by topics that each service reads at its
/// own pace: in order each, without any order between them. There is no inbox, so what comes twice has to change nothing.
/// </summary>
internal sealed class ReactingWorld
{
    private static readonly (string Service, string Topic)[] Readers =
    [
        ("orders", Topics.InventoryEvents), ("orders", Topics.PaymentsEvents),
        ("inventory", Topics.OrdersEvents), ("inventory", Topics.PaymentsEvents),
        ("payments", Topics.OrdersEvents), ("payments", Topics.InventoryEvents), ("payments", Topics.PaymentsEvents),
    ];

    private readonly Random _random;
    private readonly Guid _orderId = Guid.CreateVersion7();
    private readonly List<string> _history = [];
    private readonly Dictionary<string, List<IOrderMessage>> _topics = new(StringComparer.Ordinal);
    private readonly Dictionary<(string Service, string Topic), int> _read = Readers.ToDictionary(reader => reader, _ => 0);
    private readonly List<(PaymentState Asked, ProviderAnswer Answer)> _answersUnderWay = [];
    private readonly List<IOrderEvent> _ends = [];
    private readonly SmallBank _bank;
    private readonly Order _order;
    private readonly Bill _bill;
    private readonly bool _enoughStock;
    private readonly bool _hangs;
    private bool _mayCancel;
    private bool _deadlineRuns;
    private string _reservation = "none";
    private Payment? _payment;

    public ReactingWorld(int seed)
    {
        _random = new Random(seed);
        _enoughStock = _random.Next(6) > 0;
        _bank = new SmallBank(declines: _random.Next(6) == 0);
        _hangs = _random.Next(6) == 0;
        _mayCancel = _random.Next(2) == 0;
        _bill = new Bill { OrderId = _orderId };
        _order = new Order
        {
            OrderId = _orderId, CustomerId = "customer", State = "Placed", Amount = 79m, Currency = "EUR", PaymentMethod = "visa",
            Lines = [new("KETTLE", 1, 79m)], PlacedAt = DateTimeOffset.UtcNow, IdempotencyKey = null, RequestHash = [],
        };
        Publish(new OrderPlaced(_orderId, "customer", _order.Lines, 79m, "EUR", "visa", DateTimeOffset.UtcNow));
    }

    public string History => string.Join(Environment.NewLine, _history);

    /// <summary>The end and its reason.</summary>
    public string End => _ends[0] switch
    {
        OrderRejected rejected => $"Rejected: {rejected.Reason}",
        OrderCancelled cancelled => $"Cancelled: {cancelled.Reason}",
        _ => "Confirmed",
    };

    public void Run()
    {
        // Nothing but the deadline helps a hanging payment, so it passes when nothing else can happen.
        while (true)
        {
            var moves = Moves().ToList();
            if (moves.Count == 0 && !_deadlineRuns)
                return;
            if (moves.Count == 0 || (_deadlineRuns && _random.Next(12) == 0))
                moves = [("deadline", PassDeadline)];
            var (name, move) = moves[_random.Next(moves.Count)];
            _history.Add(name);
            _history.Count.ShouldBeLessThan(300);
            move();
        }
    }

    public void ShouldHaveKeptItsPromises()
    {
        var end = _ends.ShouldHaveSingleItem();
        end.GetType().Name.ShouldBe("Order" + _order.State);
        var confirmed = _order.State == "Confirmed";
        _bank.State.ShouldBeOneOf(confirmed ? ["captured"] : ["none", "declined", "voided"]);
        _reservation.ShouldBeOneOf(confirmed ? ["committed"] : ["none", "rejected", "released"]);
        (_payment?.State).ShouldBeOneOf(confirmed ? [PaymentState.Captured] : [null, PaymentState.Declined, PaymentState.Voided]);
        _topics[Topics.OrdersEvents].Concat(_topics.GetValueOrDefault(Topics.PaymentsEvents) ?? [])
            .Count(message => message is PaymentCaptured or PaymentDeclined or PaymentCalledOff).ShouldBeLessThanOrEqualTo(1);
    }

    private IEnumerable<(string Name, Action Move)> Moves()
    {
        foreach (var reader in Readers)
        {
            if (!_topics.TryGetValue(reader.Topic, out var messages))
                continue;
            var next = _read[reader];
            if (next < messages.Count)
                yield return ($"{reader.Service} hears {messages[next]}", () => Hear(reader.Service, messages[_read[reader]++]));
            if (next > 0 && _random.Next(20) == 0)
                yield return ($"{reader.Service} hears again", () => Hear(reader.Service, messages[_random.Next(next)]));
        }

        if (_mayCancel)
            yield return ("cancel", Cancel);
        if (_payment is { DueAt: not null } && _answersUnderWay.Count < 3 && !(_hangs && _payment.State is PaymentState.Authorizing))
            yield return ($"call the bank: {_payment.State}", () => _answersUnderWay.Add((_payment.State, _bank.Answer(_payment.State))));
        if (_answersUnderWay.Count > 0)
            yield return ("the bank's answer arrives", TakeAnswer);
    }

    private void Publish(IOrderMessage message)
    {
        _history.Add($"  → {message}");
        var topic = OrderFlow.Messages.Single(kind => kind.ClrType == message.GetType()).Topic;
        if (!_topics.TryGetValue(topic, out var messages))
            _topics.Add(topic, messages = []);
        messages.Add(message);
    }

    private void Hear(string service, IOrderMessage message)
    {
        _history.Add($"  {service}: {message}");
        switch (service)
        {
            case "orders":
                OrdersHears(message);
                break;
            case "inventory":
                InventoryHears(message);
                break;
            default:
                PaymentsHears(message);
                break;
        }
    }

    private void OrdersHears(IOrderMessage message)
    {
        var now = DateTimeOffset.UtcNow;
        (string State, IOrderEvent Told)? end = message switch
        {
            StockRejected rejected => ("Rejected", new OrderRejected(_orderId, rejected.Reason, now)),
            PaymentDeclined declined => ("Rejected", new OrderRejected(_orderId, declined.Reason, now)),
            PaymentCalledOff calledOff => ("Cancelled", new OrderCancelled(_orderId, calledOff.Reason, now)),
            PaymentCaptured => ("Confirmed", new OrderConfirmed(_orderId, now)),
            _ => null,
        };
        if (end is { } reached && _order.End(reached.State))
            _ends.Add(reached.Told);
    }

    private void InventoryHears(IOrderMessage message)
    {
        switch (message)
        {
            case OrderPlaced when _reservation is "none":
                _reservation = _enoughStock ? "reserved" : "rejected";
                Publish(_enoughStock ? new StockReserved(_orderId, DateTimeOffset.UtcNow) : new StockRejected(_orderId, "none left", DateTimeOffset.UtcNow));
                break;
            case PaymentCaptured:
                _reservation.ShouldBeOneOf("reserved", "committed");
                _reservation = "committed";
                break;
            case PaymentDeclined or PaymentCalledOff:
                _reservation.ShouldNotBe("committed");
                _reservation = _reservation is "rejected" ? "rejected" : "released";
                break;
        }
    }

    private void PaymentsHears(IOrderMessage message)
    {
        var decision = new PaymentDecision(_bill, _payment, DateTimeOffset.UtcNow, askedBy: default);
        switch (message)
        {
            case OrderPlaced placed:
                decision.On(placed);
                break;
            case OrderCancellationRequested:
                decision.OnCancellationRequested();
                break;
            case StockReserved:
                decision.OnStockReserved();
                break;
            case StockRejected:
                decision.OnStockRejected();
                break;
            case AuthorizationDeadlinePassed:
                decision.OnDeadlinePassed();
                break;
        }

        _payment = decision.Payment;
        if (decision.Told is { } told)
            Publish(told);
        if (decision.Deadline is DeadlineChange.Started)
            _deadlineRuns = true;
        else if (decision.Deadline is DeadlineChange.TakenBack)
            TakeBackDeadline();
    }

    /// <summary>One time in three it is on its way already and arrives all the same.</summary>
    private void TakeBackDeadline()
    {
        if (_deadlineRuns && _random.Next(3) == 0)
            PassDeadline();
        _deadlineRuns = false;
    }

    private void PassDeadline()
    {
        _deadlineRuns = false;
        Publish(new AuthorizationDeadlinePassed(_orderId));
    }

    private void Cancel()
    {
        _mayCancel = _random.Next(3) == 0;
        Publish(new OrderCancellationRequested(_orderId, DateTimeOffset.UtcNow));
    }

    private void TakeAnswer()
    {
        var i = _random.Next(_answersUnderWay.Count);
        var (asked, answer) = _answersUnderWay[i];
        _answersUnderWay.RemoveAt(i);
        _history.Add($"  {asked}: {answer.Verdict}");
        if (_payment!.Take(answer, DateTimeOffset.UtcNow) is not { } happened)
            return;
        Publish(happened);
        if (happened is PaymentAuthorized or PaymentDeclined)
            TakeBackDeadline();
    }
}
