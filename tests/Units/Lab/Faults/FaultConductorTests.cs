using Lab;
using Lab.Faults;

namespace Units.Lab.Faults;

public sealed class FaultConductorTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(5);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_struck_is_told_in_its_order()
    {
        var struck = await new FaultConductor(SomeFault.Nowhere).RunAsync(
            [Planned(new SomeFault("late", FaultArea.Service, "orders"), atMs: 60), Planned(new SomeFault("early", FaultArea.Broker, "nats"))],
            TimeProvider.System.GetUtcNow(), Cancel);

        struck.Select(fault => fault.Name).ShouldBe(["early", "late"]);
        struck.Select(fault => fault.Note).ShouldBe(["struck there", "struck there"]);
        struck.ShouldAllBe(fault => fault.Failure == null && fault.Healed >= fault.Began);
    }

    [Fact]
    public async Task One_that_cannot_strike_is_told_and_the_others_go_on()
    {
        var struck = await new FaultConductor(SomeFault.Nowhere).RunAsync(
            [
                Planned(new SomeFault("foreseen", FaultArea.Service, "orders") { Breaks = new LabException("nobody there") }),
                Planned(new SomeFault("unforeseen", FaultArea.Database, "postgres") { Breaks = new InvalidOperationException("odd\nindeed") }, atMs: 20),
                Planned(new SomeFault("good", FaultArea.Broker, "nats"), atMs: 40),
            ],
            TimeProvider.System.GetUtcNow(), Cancel);

        struck.Select(fault => fault.Failure).ShouldBe(["nobody there", "InvalidOperationException: odd indeed", null]);
    }

    [Fact]
    public async Task One_that_could_not_be_prepared_does_not_strike_and_says_why()
    {
        var fault = new SomeFault("disk", FaultArea.Database, "postgres") { Unprepared = new LabException("no room") };
        var conductor = new FaultConductor(SomeFault.Nowhere);

        await conductor.PrepareAsync([Planned(fault)], Cancel);
        var struck = await conductor.RunAsync([Planned(fault)], TimeProvider.System.GetUtcNow(), Cancel);

        struck.ShouldHaveSingleItem().Failure.ShouldBe("could not be prepared: no room");
        fault.Up.Task.IsCompleted.ShouldBeFalse();
    }

    [Fact]
    public async Task Cancelled_it_heals_what_is_up_and_strikes_no_more()
    {
        var (up, never) = (new SomeFault("up", FaultArea.Service, "orders"), new SomeFault("never", FaultArea.Broker, "nats"));
        var conductor = new FaultConductor(SomeFault.Nowhere);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = conductor.RunAsync(
            [Planned(up) with { Duration = Long }, Planned(never) with { At = Long }], TimeProvider.System.GetUtcNow(), stop.Token);
        await up.Up.Task.WaitAsync(TimeSpan.FromSeconds(30), Cancel);
        conductor.Active.ShouldHaveSingleItem().Name.ShouldBe("up");

        await stop.CancelAsync();
        var struck = await running;

        struck.ShouldHaveSingleItem().Note.ShouldBe("ended early");
        up.Healed.ShouldBeTrue();
        never.Up.Task.IsCompleted.ShouldBeFalse();
        conductor.Active.ShouldBeEmpty();
    }

    private static PlannedFault Planned(Fault fault, int atMs = 0) =>
        new(TimeSpan.FromMilliseconds(atMs), TimeSpan.FromMilliseconds(10), fault, "there");
}
