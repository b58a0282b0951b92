using Lab.Checking;
using Lab.Demo;
using Lab.Faults;
using Lab.History;

namespace Units.Lab;

/// <summary>The account and the explanations, over made-up runs.</summary>
public sealed class HistoryBookTests
{
    private const string Topic = FlowTopics.OrdersEvents;
    private const string Consumer = "orders.read-model";

    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly Guid Order = Guid.CreateVersion7();

    [Fact]
    public void What_everybody_took_in_is_neither_lost_nor_out_of_order()
    {
        var account = Account(Published(1, 2, 3), Taken(1, 2, 3));

        (account.Published, account.Copies, account.Delivered).ShouldBe((3, 0, 3));
        account.Lost.ShouldBeEmpty();
        account.OutOfOrder.ShouldBeEmpty();
    }

    [Fact]
    public void Lost_messages_are_told_apart_by_where_they_lie()
    {
        var account = Account(Published(1, 2, 3, 4, 5), Taken(2, 4));

        account.Lost.ShouldAllBe(lost => lost.Consumer == Consumer);
        account.Lost.Select(lost => (lost.Message.Position, lost.Part)).ShouldBe(
            [(1, LostPart.Prefix), (3, LostPart.Middle), (5, LostPart.Tail)], ignoreOrder: true);
    }

    [Fact]
    public void Each_partition_has_its_own_beginning_and_end()
    {
        var other = Message(9) with { Partition = 1 };

        var account = Account([.. Published(1, 2), other], Taken(1, 2));

        account.Lost.ShouldHaveSingleItem().ShouldBe(new LostMessage(Consumer, other, LostPart.Tail));
    }

    [Fact]
    public void A_consumer_that_took_in_nothing_lost_everything()
    {
        var account = Account(Published(1, 2), []);

        account.Lost.Select(lost => lost.Part).ShouldBe([LostPart.Tail, LostPart.Tail]);
    }

    [Fact]
    public void A_topic_that_nobody_takes_in_is_not_passed_over()
    {
        var stray = Message(1) with { Where = FlowTopics.PaymentsCommands };

        var account = Account([stray], []);

        account.Lost.ShouldHaveSingleItem().Consumer.ShouldBe(Accounting.Nobody);
    }

    [Fact]
    public void A_consumer_that_only_the_inboxes_tell_of_has_to_take_in_the_rest_of_its_topic()
    {
        var account = Account(Published(1, 2), [.. Taken(1, 2), new InboxRow("new.consumer", Id(1), At(1))]);

        account.Lost.ShouldHaveSingleItem().ShouldBe(new LostMessage("new.consumer", Message(2), LostPart.Tail));
    }

    [Fact]
    public void A_message_set_aside_is_not_lost()
    {
        var evidence = Evidence(Published(1, 2), Taken(1)) with
        {
            Parked = [new ParkedRow(Consumer, Id(2), Type: null, Key: null, ParkedStates.Dead, "undecodable", At(2))],
        };

        new HistoryBook(evidence).Account.Lost.ShouldBeEmpty();
    }

    [Fact]
    public void An_id_that_stands_twice_in_a_topic_is_a_copy_and_needs_to_be_taken_in_once()
    {
        var copy = Message(7) with { MessageId = Id(1) };

        var taken = Account([.. Published(1, 2), copy], Taken(1, 2));
        var lost = Account([.. Published(1, 2), copy], Taken(2));

        (taken.Published, taken.Copies, taken.Lost.Count).ShouldBe((3, 1, 0));
        lost.Lost.ShouldHaveSingleItem().Message.Position.ShouldBe(1);
    }

    [Fact]
    public void Copies_of_dead_messages_have_no_consumer_and_are_not_counted()
    {
        var dead = Message(1) with { Where = FlowTopics.DeadLetters[0], MessageId = "dead" };

        var account = Account([.. Published(1), dead], Taken(1));

        (account.Published, account.Lost.Count).ShouldBe((1, 0));
    }

    [Fact]
    public void An_earlier_message_of_a_key_taken_in_later_was_overtaken()
    {
        var account = Account(Published(1, 2, 3), [Take(1, at: 5), Take(2, at: 3), Take(3, at: 5)]);

        account.OutOfOrder.ShouldHaveSingleItem().ShouldBe(new Overtaking(Consumer, Message(1), Message(2)));
    }

    [Fact]
    public void Messages_of_one_batch_and_of_different_keys_overtake_nobody()
    {
        var stranger = Message(2) with { Key = "another" };

        Account(Published(1, 2), [Take(1, at: 5), Take(2, at: 5)]).OutOfOrder.ShouldBeEmpty();
        Account([Message(1), stranger], [Take(1, at: 5), Take(2, at: 3)]).OutOfOrder.ShouldBeEmpty();
    }

    [Fact]
    public void Whatever_is_dropped_and_repeated_each_loss_is_found_once_and_nothing_else()
    {
        for (var seed = 0; seed < 300; seed++)
        {
            var dice = new Random(seed);
            var messages = Enumerable.Range(1, dice.Next(1, 40)).Select(position => Message(position) with { Partition = dice.Next(3), Key = $"{dice.Next(4)}" }).ToArray();
            var copies = messages.Where(_ => dice.Next(4) == 0).Select((message, index) => message with { Position = 100 + index }).ToArray();
            var dropped = messages.Where(_ => dice.Next(5) == 0).Select(message => message.MessageId).ToHashSet();

            var account = Account(
                [.. messages.Concat(copies).OrderBy(_ => dice.Next())],
                [.. messages.Where(message => !dropped.Contains(message.MessageId)).Select(message => Take((int)message.Position!, (int)message.Position))]);

            account.Lost.Select(lost => lost.Message.MessageId).ShouldBe(dropped, ignoreOrder: true, $"seed {seed}");
            account.Copies.ShouldBe(copies.Length, $"seed {seed}");
            account.OutOfOrder.ShouldBeEmpty($"seed {seed}");
            foreach (var lost in account.Lost)
            {
                var taken = messages.Where(message => message.Partition == lost.Message.Partition && !dropped.Contains(message.MessageId)).ToArray();
                var (before, behind) = (taken.Any(message => message.Position < lost.Message.Position), taken.Any(message => message.Position > lost.Message.Position));
                lost.Part.ShouldBe(behind ? before ? LostPart.Middle : LostPart.Prefix : LostPart.Tail, $"seed {seed}");
            }
        }
    }

    [Fact]
    public void Accepted_orders_of_which_nothing_was_published_are_named()
    {
        var silent = Guid.CreateVersion7();
        var evidence = Evidence(Published(1), Taken(1)) with { Accepted = [(Order, At(0)), (silent, At(0))] };

        new HistoryBook(evidence).Account.NeverPublished.ShouldBe([silent]);
    }

    [Fact]
    public void A_violation_of_an_order_is_told_with_its_story_and_the_faults_meanwhile()
    {
        var evidence = Evidence(Published(10), [Take(10, at: 12)]) with
        {
            Accepted = [(Order, At(9))],
            Ledger = [new LedgerEntry(1, Order.ToString().ToUpperInvariant(), LedgerKinds.Captured, 5m, "EUR", At(14), null)],
            Orders = [new OrderRow(Order, "Confirmed", "Confirmed", 5m, "EUR")],
        };

        var explanation = new HistoryBook(evidence)
            .Explain([Broken(3, $"order {Order}")], [Fault("before", 1, 6), Fault("shortly-before", 1, 7), Fault("during", 11, 12), Fault("after", 15, 16)], most: 5)
            .ShouldHaveSingleItem();

        explanation.Story.Select(entry => entry.Kind).ShouldBe(
            [HistoryKind.Accepted, HistoryKind.Published, HistoryKind.Delivered, HistoryKind.Ledger, HistoryKind.Effect]);
        explanation.Story[^1].What.ShouldBe("at the end: Confirmed, its saga Confirmed");
        explanation.Suspects.Select(fault => fault.Name).ShouldBe(["shortly-before", "during"]);
    }

    [Fact]
    public void A_message_is_explained_by_the_story_of_its_key()
    {
        var evidence = Evidence(Published(1, 2), Taken(1, 2));

        Explain(evidence, $"message {Id(2)}").Count(entry => entry.Kind == HistoryKind.Published).ShouldBe(2);
    }

    [Fact]
    public void A_SKU_is_explained_by_the_orders_whose_stock_did_not_come_to_rest()
    {
        var (settled, held) = (Guid.CreateVersion7(), Guid.CreateVersion7());
        var evidence = Evidence([], []) with
        {
            Movements =
            [
                new StockMovement(1, settled, "TEA", MovementKinds.Reserved, 2, At(1)), new StockMovement(2, settled, "TEA", MovementKinds.Committed, 2, At(2)),
                new StockMovement(3, held, "TEA", MovementKinds.Reserved, 1, At(3)), new StockMovement(4, held, "CUP", MovementKinds.Reserved, 1, At(3)),
            ],
            Orders = [new OrderRow(settled, OrderStates.Confirmed, null, 1m, "EUR"), new OrderRow(held, OrderStates.Rejected, null, 1m, "EUR")],
        };

        Explain(evidence, "sku TEA").Select(entry => (entry.Key, entry.What)).ShouldBe([(held.ToString(), "reserved 1 TEA"), (held.ToString(), "reserved 1 CUP")]);
    }

    [Fact]
    public void A_consumer_is_explained_by_what_it_lost_and_what_it_took_in_last() =>
        Explain(Evidence(Published(1, 2), Taken(1)), $"consumer {Consumer}").Select(entry => (entry.Kind, entry.MessageId))
            .ShouldBe([(HistoryKind.Delivered, Id(1)), (HistoryKind.Published, Id(2))]);

    [Fact]
    public void An_outbox_is_explained_by_the_orders_it_never_told_of() =>
        Explain(Evidence([], []) with { Accepted = [(Order, At(1))] }, "outbox of orders").ShouldHaveSingleItem().Kind.ShouldBe(HistoryKind.Accepted);

    [Fact]
    public void Each_invariant_has_its_turn_and_each_subject_one_explanation()
    {
        var book = new HistoryBook(Evidence([], []));

        var explanations = book.Explain([Broken(1, "order a", "order a", "order b", "order c"), Broken(5, "orders")], [], most: 3);

        explanations.Select(explanation => (explanation.Invariant, explanation.Subject)).ShouldBe([(1, "order a"), (1, "order b"), (5, "orders")]);
    }

    private static IReadOnlyList<HistoryEntry> Explain(Evidence evidence, string subject) =>
        new HistoryBook(evidence).Explain([Broken(1, subject)], [], most: 1).ShouldHaveSingleItem().Story;

    private static InvariantResult Broken(int number, params string[] subjects) =>
        new(number, "a promise", [.. subjects.Select(subject => new Violation(subject, "seen"))]);

    private static StruckFault Fault(string name, int from, int to) =>
        new(name, FaultArea.Service, "does it", "orders", At(from), At(to), Note: null, Failure: null);

    private static MessageAccount Account(IReadOnlyList<HistoryEntry> published, IReadOnlyList<InboxRow> taken) =>
        new HistoryBook(Evidence(published, taken)).Account;

    private static Evidence Evidence(IReadOnlyList<HistoryEntry> published, IReadOnlyList<InboxRow> taken) => new()
    {
        Consumers = new Dictionary<string, IReadOnlyList<string>> { [Consumer] = [Topic] },
        Published = published,
        Inboxes = taken,
    };

    private static HistoryEntry[] Published(params int[] positions) => [.. positions.Select(Message)];

    private static HistoryEntry Message(int position) => new(At(position), HistoryKind.Published, Order.ToString(), Topic, "orders.order-placed.v1")
    {
        MessageId = Id(position),
        Partition = 0,
        Position = position,
    };

    private static InboxRow[] Taken(params int[] positions) => [.. positions.Select(position => Take(position, position))];

    private static InboxRow Take(int position, int at) => new(Consumer, Id(position), At(at));

    private static string Id(int position) => $"id-{position}";

    private static DateTimeOffset At(int seconds) => Start.AddSeconds(seconds);
}
