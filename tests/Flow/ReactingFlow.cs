using Lab.Checking;
using Lab.Placing;

namespace Flow;

/// <summary>What holds for the whole flow where no saga decides, whichever the transport.</summary>
public abstract class ReactingFlow(StartedSystem system)
{
    [Fact]
    public async Task Every_path_leads_to_its_end_and_keeps_the_invariants()
    {
        await using var recorder = system.Record();
        PlannedOrder[] plan = [.. OrderPath.All.SelectMany(path => StartedSystem.Plan(path, count: 3))];

        var outcomes = await system.RunAsync(plan);

        outcomes.ShouldAllBe(outcome => outcome.IsAsExpected);
        await ShouldKeepItsPromisesAsync(outcomes);
        var account = (await recorder.CloseAsync(TestContext.Current.CancellationToken)).Account;
        account.Published.ShouldBeGreaterThan(0);
        account.Gaps.ShouldBeEmpty();
        account.Lost.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_service_that_decides_killed_in_the_middle_breaks_no_promise()
    {
        var outcomes = await system.RunAndKillAsync("payments", orders: 40);

        outcomes.ShouldAllBe(outcome => outcome.HasEnded);
        await ShouldKeepItsPromisesAsync(outcomes);
    }

    private async Task ShouldKeepItsPromisesAsync(IReadOnlyList<OrderOutcome> outcomes)
    {
        var snapshot = OrderFlow.Of(outcomes.Select(outcome => outcome.OrderId).ToHashSet(), await system.ReadWhenQuietAsync(outcomes));
        snapshot.HasSagas.ShouldBeFalse();
        Invariant.All.Where(invariant => invariant is not StockIsConserved).SelectMany(invariant => invariant.Check(snapshot)).ShouldBeEmpty();
    }
}

public sealed class ReactingJetStreamSystem() : StartedSystem("jetstream", choreography: true);

public sealed class ReactingFlowOnJetStream(ReactingJetStreamSystem system) : ReactingFlow(system), IClassFixture<ReactingJetStreamSystem>;

public sealed class ReactingKafkaSystem() : StartedSystem("kafka", choreography: true);

public sealed class ReactingFlowOnKafka(ReactingKafkaSystem system) : ReactingFlow(system), IClassFixture<ReactingKafkaSystem>;
