using Lab.Checking;
using Lab.Reading;

namespace Units.Lab;

public sealed class QuietTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Everything_that_moves_is_named() => Quiet.Describe(new Snapshot
    {
        Backlogs = [new Backlog("orders", 2, []), new Backlog("payments", 0, [new ParkedMessage("payments", "m", "t", "k", "parked", null, 1)])],
        Lags = [AQuietSystem.Lag("inventory", 3), AQuietSystem.Lag("inventory", 4)],
        Unowned = [new UnownedPartition("orders.read-model", "inventory.events", 0), new UnownedPartition("orders.read-model", "payments.events", 0)],
        Stock = [new StockRow("TEA", 10, 4, 6, 0)],
        Payments = [new PaymentRow(AQuietSystem.Confirmed, "Captured"), new PaymentRow(AQuietSystem.Cancelled, "Voiding")],
        Ledger =
        [
            AQuietSystem.Entry(1, AQuietSystem.Confirmed, "authorized", 1m),
            AQuietSystem.Entry(2, AQuietSystem.Cancelled, "authorized", 1m),
            AQuietSystem.Entry(3, AQuietSystem.Confirmed, "captured", 1m),
        ],
    }).ShouldBe([
            "2 rows in the outbox of orders",
            "inventory 7 messages behind",
            "2 partitions of orders.read-model that no service of this system owns",
            "1 messages parked",
            "6 pieces reserved",
            "1 payments the provider has not settled",
            "1 authorisations neither captured nor voided"]);

    [Fact]
    public void Nothing_is_named_when_nothing_moves() => Quiet.Describe(AQuietSystem.Snapshot()).ShouldBeEmpty();

    [Fact]
    public async Task One_quiet_reading_between_two_others_is_not_enough()
    {
        var readings = new Queue<string[]>([["busy"], [], ["busy"], [], [], [], []]);

        var left = await Quiet.WaitAsync(_ => Task.FromResult<IReadOnlyList<string>>(readings.Dequeue()), TimeSpan.Zero, TimeSpan.FromMinutes(1), TimeProvider.System, Cancel);

        left.ShouldBeEmpty();
        readings.ShouldBeEmpty();
    }

    [Fact]
    public async Task What_never_becomes_quiet_is_told_when_the_time_is_up() =>
        (await Quiet.WaitAsync(_ => Task.FromResult<IReadOnlyList<string>>(["busy"]), TimeSpan.Zero, TimeSpan.Zero, TimeProvider.System, Cancel)).ShouldBe(["busy"]);
}
