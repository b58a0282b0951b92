using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;
using Payments;
using Payments.CallingTheProvider;
using Shared.Contracts;
using Support;

namespace Units.Payments;

public sealed class PaymentClaimsTests(Servers servers)
{
    private static readonly PaymentState[] Any = Enum.GetValues<PaymentState>();
    private readonly ProviderOptions _options = new();
    private readonly Clock _clock = new();

    [Fact]
    public async Task Workers_side_by_side_never_take_the_same_payment()
    {
        var database = await CreateAsync(60);

        var taken = await Task.WhenAll(Enumerable.Range(0, 6).Select(async _ =>
        {
            var mine = new List<Guid>();
            while (true)
            {
                await using var db = Open(database);
                var payments = await Claims(db).TakeAsync(7, Any, TestContext.Current.CancellationToken);
                if (payments.Count == 0)
                    return mine;
                mine.AddRange(payments.Select(payment => payment.OrderId));
            }
        }));

        taken.SelectMany(ids => ids).Count().ShouldBe(60);
        taken.SelectMany(ids => ids).ShouldBeUnique();
    }

    [Fact]
    public async Task A_payment_whose_worker_vanished_is_due_again_when_its_lease_ends()
    {
        var database = await CreateAsync(1);
        await using var db = Open(database);
        (await Claims(db).TakeAsync(5, Any, TestContext.Current.CancellationToken)).Count.ShouldBe(1);

        _clock.Now += _options.Lease - TimeSpan.FromMilliseconds(1);
        (await Claims(db).TakeAsync(5, Any, TestContext.Current.CancellationToken)).ShouldBeEmpty();
        _clock.Now += TimeSpan.FromMilliseconds(1);
        (await Claims(db).TakeAsync(5, Any, TestContext.Current.CancellationToken)).Count.ShouldBe(1);
    }

    [Fact]
    public async Task Payments_tried_in_vain_wait_their_pause_and_let_fresh_ones_go_first()
    {
        var database = await CreateAsync(2);
        await using var db = Open(database);
        var first = (await Claims(db).TakeAsync(1, Any, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        first.Attempts++;
        await Claims(db).PutBackAsync(first, TimeSpan.FromSeconds(1), TestContext.Current.CancellationToken);
        _clock.Now += TimeSpan.FromSeconds(1);

        var next = (await Claims(db).TakeAsync(1, Any, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        next.OrderId.ShouldNotBe(first.OrderId);
        next.Attempts.ShouldBe(0);
        var again = (await Claims(db).TakeAsync(1, Any, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        again.OrderId.ShouldBe(first.OrderId);
        again.Attempts.ShouldBe(1);
    }

    [Fact]
    public async Task Only_payments_in_the_states_asked_for_are_taken()
    {
        var database = await CreateAsync(3);
        await using var db = Open(database);
        var voided = await db.Payments.FirstAsync(TestContext.Current.CancellationToken);
        voided.AskForVoid(_clock.Now, askedBy: default);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);

        var taken = await Claims(db).TakeAsync(5, [PaymentState.Capturing, PaymentState.Voiding], TestContext.Current.CancellationToken);

        taken.ShouldHaveSingleItem().OrderId.ShouldBe(voided.OrderId);
    }

    [Fact]
    public async Task A_payment_that_has_moved_on_is_neither_put_back_nor_given_up()
    {
        var database = await CreateAsync(1);
        await using var db = Open(database);
        var claimed = (await Claims(db).TakeAsync(1, Any, TestContext.Current.CancellationToken)).ShouldHaveSingleItem();
        var payment = await db.Payments.SingleAsync(TestContext.Current.CancellationToken);
        payment.AskForVoid(_clock.Now, askedBy: default);
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);

        (await Claims(db).PutBackAsync(claimed, TimeSpan.FromHours(1), TestContext.Current.CancellationToken)).ShouldBe(0);
        (await Claims(db).GiveUpAsync(claimed, PaymentState.VoidRefused, "no", TestContext.Current.CancellationToken)).ShouldBe(0);

        (await Claims(db).TakeAsync(1, Any, TestContext.Current.CancellationToken)).ShouldHaveSingleItem().State.ShouldBe(PaymentState.Voiding);
    }

    [Fact]
    public async Task Of_two_changes_to_one_payment_the_later_is_refused()
    {
        var database = await CreateAsync(1);
        await using var worker = Open(database);
        await using var consumer = Open(database);
        var authorized = await worker.Payments.SingleAsync(TestContext.Current.CancellationToken);
        var voided = await consumer.Payments.SingleAsync(TestContext.Current.CancellationToken);
        voided.AskForVoid(_clock.Now, askedBy: default);
        await consumer.SaveChangesAsync(TestContext.Current.CancellationToken);

        authorized.Take(new ProviderAnswer(ProviderVerdict.Authorized), _clock.Now);
        await Should.ThrowAsync<DbUpdateConcurrencyException>(() => worker.SaveChangesAsync(TestContext.Current.CancellationToken));
    }

    private async Task<string> CreateAsync(int payments)
    {
        var database = await ServiceSchema.CreateAsync(servers, typeof(Payment).Assembly);
        await using var db = Open(database);
        for (var i = 0; i < payments; i++)
            db.Payments.Add(Payment.Authorizing(new AuthorizePayment(Guid.CreateVersion7(), 10m, "EUR", "visa"), _clock.Now, askedBy: default));
        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return database;
    }

    private PaymentClaims Claims(PaymentsDbContext db) => new(db, Options.Create(_options), _clock);

    private static PaymentsDbContext Open(string database) => new(ServiceSchema.Options<PaymentsDbContext>(database));

    private sealed class Clock : TimeProvider
    {
        public DateTimeOffset Now { get; set; } = new(2026, 11, 21, 12, 0, 0, TimeSpan.Zero);

        public override DateTimeOffset GetUtcNow() => Now;
    }
}
