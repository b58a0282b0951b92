using Payments;
using Shared.Contracts;

namespace Units.Orders;

/// <summary>
/// One order in a small world: the real saga, the real payment, a warehouse and a bank, joined by topics that keep an order's
/// messages in order each but say nothing about each other. Chance decides who moves next, what comes twice, when the customer
/// cancels and which deadline passes; however it goes, the promises hold.
/// </summary>
public sealed class OrderInterleavingTests(FulfilmentBench bench) : IClassFixture<FulfilmentBench>
{
    [Fact]
    public async Task Whatever_crosses_whatever_every_order_ends_once_and_no_money_or_stock_is_left_behind()
    {
        var ends = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var seed = 0; seed < 1000; seed++)
        {
            var world = new World(bench, seed);
            try
            {
                await world.RunAsync();
                world.ShouldHaveKeptItsPromises();
            }
            catch (Exception exception)
            {
                throw new InvalidOperationException($"Seed {seed} after:{Environment.NewLine}{world.History}", exception);
            }

            ends[world.End] = ends.GetValueOrDefault(world.End) + 1;
        }

        // The worlds are worth something only if they end in every way.
        ends.Keys.ShouldBe(["Confirmed", "Rejected", "Cancelled"], ignoreOrder: true);
        ends.Values.Min().ShouldBeGreaterThan(50);
    }

    private sealed class World
    {
        private readonly FulfilmentBench _bench;
        private readonly Random _random;
        private readonly Guid _orderId = Guid.CreateVersion7();
        private readonly List<string> _history = [];
        private readonly Dictionary<string, Queue<IOrderMessage>> _topics = new(StringComparer.Ordinal);
        private readonly List<IOrderMessage> _delivered = [];
        private readonly List<FulfilmentBench.Sent> _deadlines = [];
        private readonly List<IOrderMessage> _ends = [];
        private readonly List<(PaymentState Asked, ProviderAnswer Answer)> _answersUnderWay = [];
        private readonly bool _enoughStock;
        private readonly SmallBank _bank;
        private readonly bool _hangs;
        private bool _mayCancel;
        private string _reservation = "none";
        private Payment? _payment;

        public World(FulfilmentBench bench, int seed)
        {
            _bench = bench;
            _random = new Random(seed);
            _enoughStock = _random.Next(6) > 0;
            _bank = new SmallBank(declines: _random.Next(6) == 0);
            _hangs = _random.Next(6) == 0;
            _mayCancel = _random.Next(2) == 0;
            Publish(new OrderPlaced(_orderId, "customer", [new("KETTLE", 1, 79m)], 79m, "EUR", "visa", DateTimeOffset.UtcNow));
        }

        public string History => string.Join(Environment.NewLine, _history);

        public string End => _bench.Find(_orderId)?.CurrentState ?? "none";

        public async Task RunAsync()
        {
            // Nothing but a deadline helps a hanging payment, so deadlines pass when nothing else can happen.
            while (true)
            {
                var moves = Moves().ToList();
                if (moves.Count == 0 && _deadlines.Count == 0)
                    return;
                if (moves.Count == 0 || (_deadlines.Count > 0 && _random.Next(12) == 0))
                    moves = [("deadline", PassDeadlineAsync)];
                var (name, move) = moves[_random.Next(moves.Count)];
                _history.Add(name);
                _history.Count.ShouldBeLessThan(200);
                await move();
            }
        }

        public void ShouldHaveKeptItsPromises()
        {
            _ends.ShouldHaveSingleItem();
            _bench.EndingsOf(_orderId).ShouldBe([End]);
            _ends[0].GetType().Name.ShouldBe("Order" + End);
            _bank.State.ShouldBeOneOf(End == "Confirmed" ? ["captured"] : ["none", "declined", "voided"]);
            _reservation.ShouldBeOneOf(End == "Confirmed" ? ["committed"] : ["none", "rejected", "released"]);
        }

        private IEnumerable<(string Name, Func<Task> Move)> Moves()
        {
            foreach (var (topic, queue) in _topics.Where(topic => topic.Value.Count > 0))
            {
                yield return topic switch
                {
                    Topics.InventoryCommands => ($"inventory {queue.Peek()}", InventoryAsync),
                    Topics.PaymentsCommands => ($"payments {queue.Peek()}", PaymentsAsync),
                    _ => ($"saga {queue.Peek()}", () => DeliverAsync(queue.Dequeue())),
                };
            }

            if (_delivered.Count > 0 && _random.Next(10) == 0)
                yield return ("twice", () => DeliverAsync(_delivered[_random.Next(_delivered.Count)]));
            if (_mayCancel && _delivered.Count > 0)
                yield return ("cancel", CancelAsync);
            if (_payment is { DueAt: not null } && _answersUnderWay.Count < 3 && !(_hangs && _payment.State is PaymentState.Authorizing))
                yield return ($"call the bank: {_payment.State}", CallBankAsync);
            if (_answersUnderWay.Count > 0)
                yield return ("the bank's answer arrives", TakeAnswerAsync);
        }

        private void Publish(IOrderMessage message)
        {
            var topic = OrderFlow.Messages.Single(kind => kind.ClrType == message.GetType()).Topic;
            if (message is OrderConfirmed or OrderRejected or OrderCancelled)
            {
                _ends.Add(message);
                return;
            }

            // What the saga does not listen to.
            if (message is StockReleased or StockCommitted or PaymentVoided)
                return;
            if (!_topics.TryGetValue(topic, out var queue))
                _topics.Add(topic, queue = new Queue<IOrderMessage>());
            queue.Enqueue(message);
        }

        private async Task DeliverAsync(IOrderMessage message, Guid? token = null)
        {
            if (message is not (StockDeadlinePassed or PaymentDeadlinePassed))
                _delivered.Add(message);
            foreach (var sent in await _bench.DeliverAsync(message, token))
            {
                _history.Add($"  → {sent}");
                if (sent.Message is null)
                {
                    // One time in three the deadline is on its way already and arrives although it was taken back.
                    if (_random.Next(3) > 0)
                        _deadlines.RemoveAll(deadline => deadline.Token == sent.Token);
                }
                else if (sent.Delay is not null)
                    _deadlines.Add(sent);
                else
                    Publish(sent.Message);
            }
        }

        private Task PassDeadlineAsync()
        {
            var deadline = _deadlines[_random.Next(_deadlines.Count)];
            _deadlines.Remove(deadline);
            _history.Add($"  {deadline}");
            return DeliverAsync(deadline.Message!, deadline.Token);
        }

        private Task CancelAsync()
        {
            _mayCancel = _random.Next(3) == 0;
            Publish(new OrderCancellationRequested(_orderId, DateTimeOffset.UtcNow));
            return Task.CompletedTask;
        }

        private Task InventoryAsync()
        {
            var at = DateTimeOffset.UtcNow;
            switch (_topics[Topics.InventoryCommands].Dequeue())
            {
                case ReserveStock when _enoughStock:
                    _reservation = "reserved";
                    Publish(new StockReserved(_orderId, at));
                    break;
                case ReserveStock:
                    _reservation = "rejected";
                    Publish(new StockRejected(_orderId, "none left", at, "KETTLE"));
                    break;
                case ReleaseStock when _reservation is "reserved":
                    _reservation = "released";
                    break;
                case ReleaseStock:
                    _reservation.ShouldNotBe("committed");
                    break;
                case CommitStock:
                    _reservation.ShouldBe("reserved");
                    _reservation = "committed";
                    break;
            }

            return Task.CompletedTask;
        }

        private Task PaymentsAsync()
        {
            var now = DateTimeOffset.UtcNow;
            switch (_topics[Topics.PaymentsCommands].Dequeue())
            {
                case AuthorizePayment command:
                    _payment = Payment.Authorizing(command, now, askedBy: default);
                    break;
                case CapturePayment:
                    _payment!.AskForCapture(now, askedBy: default);
                    break;
                case VoidPayment:
                    _payment!.AskForVoid(now, askedBy: default);
                    break;
            }

            return Task.CompletedTask;
        }

        /// <summary>The bank acts now; what it answers is known to Payments later, maybe after a later call's answer.</summary>
        private Task CallBankAsync()
        {
            var asked = _payment!.State;
            _answersUnderWay.Add((asked, _bank.Answer(asked)));
            return Task.CompletedTask;
        }

        private Task TakeAnswerAsync()
        {
            var i = _random.Next(_answersUnderWay.Count);
            var (asked, answer) = _answersUnderWay[i];
            _answersUnderWay.RemoveAt(i);
            _history.Add($"  {asked}: {answer.Verdict}");
            if (_payment!.Take(answer, DateTimeOffset.UtcNow) is { } happened)
                Publish(happened);
            return Task.CompletedTask;
        }
    }
}
